import { readdir, readFile, stat, truncate } from 'node:fs/promises';
import path from 'node:path';

/**
 * What a killed browser leaves half written, cut off before the next one starts.
 *
 * A page's storage, with its login, is a LevelDB. Chromium writes a record's header and its content by themselves. Killed in between,
 * the log ends in a header alone, which the next browser passes over, and then goes on writing behind it. To the one after that the
 * record in the middle is corrupt, and it deletes the whole storage: WhatsApp Web shows a QR code, as if the phone had unlinked it.
 * Seen at two of 750 kills while a page wrote all the time (Chromium 156).
 *
 * The format: https://github.com/google/leveldb/blob/main/doc/log_format.md. What MANIFEST is to a LevelDB is such a log, too.
 */

const BLOCK = 32_768;
const HEADER = 7; // checksum (4), length (2), type (1)
const FULL = 1;
const LAST = 4;
const LARGEST = 64 * 1024 * 1024; // bytes, left alone above; those of Chromium were seen to end below 2 MB
const LOG = /^(\d+\.log|MANIFEST-\d+)$/;

/**
 * How much of a log are whole entries. All of it where it isn't such a log, or broken in another way.
 * @param {Buffer} log
 */
export function wholeLength(log) {
  let [at, whole] = [0, 0];
  while (at + HEADER <= log.length) {
    const left = BLOCK - (at % BLOCK);
    if (left < HEADER) {
      at += left; // padding
      continue;
    }
    const [length, type] = [log.readUInt16LE(at + 4), log[at + 6]];
    if (length > left - HEADER || type < FULL || type > LAST) return log.length;
    at += HEADER + length;
    if (at > log.length) break;
    if (type === FULL || type === LAST) whole = at; // else it goes on in the next record
  }
  return whole;
}

/**
 * No browser may use the profile meanwhile.
 * @param {string} profile
 * @returns {Promise<{file: string, bytes: number}[]>} what was cut off
 */
export async function mendLogs(profile) {
  const pages = path.join(profile, 'Default', 'IndexedDB');
  const stores = [
    path.join(profile, 'Default', 'Local Storage', 'leveldb'),
    ...(await namesIn(pages)).map((name) => path.join(pages, name)),
  ];
  const cut = [];
  for (const store of stores) {
    for (const name of (await namesIn(store)).filter((one) => LOG.test(one))) {
      const file = path.join(store, name);
      const bytes = await mend(file);
      if (bytes > 0) cut.push({ file: path.relative(profile, file), bytes });
    }
  }
  return cut;
}

/** @param {string} file @returns {Promise<number>} bytes cut off */
async function mend(file) {
  if ((await stat(file)).size > LARGEST) return 0;
  const log = await readFile(file);
  const whole = wholeLength(log);
  if (whole < log.length) await truncate(file, whole);
  return log.length - whole;
}

/** @param {string} directory @returns {Promise<string[]>} none where there is no such directory */
async function namesIn(directory) {
  return readdir(directory).catch((error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}
