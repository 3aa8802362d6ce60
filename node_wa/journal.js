import { open, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { crashPoint } from './lib/crash_points.js';
import { brief } from './log.js';

/**
 * The journal: events that web has not stored yet, one JSON object a line, in order.
 *
 * An event counts once its line is synced to disk; only then may it be sent. What web has stored is remembered as the last
 * stored `seq` in a file beside it, so a death at any point repeats events at most and loses none. Many events that come
 * together share one sync. Delivered lines are cut off now and then by writing the rest aside and renaming.
 */

const COMPACT_BYTES = 4 * 1024 * 1024;
const BATCH_BYTES = 1024 * 1024; // what joins the events comes to less than the 64 KiB that web takes beyond this
const FULL_BYTES = 128 * 1024 * 1024; // all of it is in memory, and the file, twice as large at most, is read as one string
const RETRY_MS = 500;

/** @typedef {{seq: number, line: string, bytes: number}} Entry `bytes`: of the line in UTF-8, up to three times its length */

export class Journal {
  /** @type {Entry[]} durable and not yet stored by web; `#head` is the first that counts */
  #queue = [];
  #head = 0;
  /** @type {Array<Entry & {done: () => void}>} waiting for the next sync */
  #buffer = [];
  /** @type {Promise<void> | null} */
  #writing = null;
  /** @type {Promise<void>} */
  #marking = Promise.resolve();
  /** @type {() => void} */
  #wake = () => {};
  #size = 0; // bytes in the file
  #open = 0; // bytes that web has not stored, synced or not
  #seq = 0;
  #stored = 0;
  #settled = true; // whether the name of the file in use is durable

  /**
   * @param {string} directory
   * @param {{bootId: string, log: import('pino').Logger}} options `bootId` makes event ids unique for ever
   */
  constructor(directory, { bootId, log }) {
    this.file = path.join(directory, 'journal.jsonl');
    this.offsetFile = path.join(directory, 'journal.offset');
    this.bootId = bootId;
    this.log = log;
    /** @type {import('node:fs/promises').FileHandle | null} */
    this.handle = null;
  }

  /** Reads what an earlier life left, cuts off a torn last line and goes on counting behind it. */
  async open() {
    this.#stored = await readOffset(this.offsetFile, this.log);
    const text = await readFile(this.file, 'utf8').catch(ifMissing(''));
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const line of whole.split('\n')) this.#take(line);
    this.#seq = Math.max(this.#stored, this.#seq);
    this.handle = await open(this.file, 'a', 0o600);
    this.#size = Buffer.byteLength(whole);
    await this.handle.truncate(this.#size);
    await syncDirectory(this.file);
    return this;
  }

  /** @param {string} line */
  #take(line) {
    if (!line) return;
    try {
      const { seq } = JSON.parse(line);
      this.#seq = Math.max(this.#seq, seq);
      if (seq > this.#stored) this.#queue.push(this.#entry(seq, line));
    } catch (error) {
      this.log.error({ err: brief(error) }, 'a line of the journal can not be read and is left out');
    }
  }

  /** @param {number} seq @param {string} line @returns {Entry} counted */
  #entry(seq, line) {
    const bytes = Buffer.byteLength(line);
    this.#open += bytes;
    return { seq, line, bytes };
  }

  /** Events that web has not stored, synced or not. */
  get pending() {
    return this.#queue.length - this.#head + this.#buffer.length;
  }

  /** Whether as much waits as it is made for; nothing is refused all the same. @param {number} events */
  isFull(events, bytes = FULL_BYTES) {
    return this.pending >= events || this.#open >= bytes;
  }

  /**
   * Gives the event its `id`, `seq` and `at` and writes it down.
   * @param {{type: string, session_id: string, epoch: number, correlation_id: string | null, data: object}} event
   * @returns {Promise<void>} settles when the event is on disk
   */
  append(event) {
    this.#seq += 1;
    const seq = this.#seq;
    const line = JSON.stringify({ id: `${this.bootId}-${seq}`, seq, at: new Date().toISOString(), ...event });
    return new Promise((resolve) => {
      this.#buffer.push({ ...this.#entry(seq, line), done: () => resolve(undefined) });
      this.#startWriting();
    });
  }

  /** What comes while the writer is leaving must not wait for the next that comes. */
  #startWriting() {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
      if (this.#buffer.length > 0) this.#startWriting();
    });
  }

  async #write() {
    while (this.#buffer.length > 0) {
      const batch = this.#buffer;
      this.#buffer = [];
      await this.#sync(`${batch.map((entry) => entry.line).join('\n')}\n`);
      for (const { done, ...entry } of batch) {
        this.#queue.push(entry);
        done();
      }
      this.#wake();
      if (this.#size > COMPACT_BYTES && this.#open * 2 < this.#size) await this.#compact();
    }
  }

  /** A full disk must not lose an event: it is written again, from the last good byte, until it is down. @param {string} text */
  async #sync(text) {
    const handle = /** @type {import('node:fs/promises').FileHandle} */ (this.handle);
    for (;;) {
      try {
        crashPoint('journal.before-write');
        await handle.appendFile(text);
        await handle.datasync();
        await this.#settle();
        crashPoint('journal.after-write');
        this.#size += Buffer.byteLength(text);
        return;
      } catch (error) {
        this.log.error({ err: brief(error) }, 'the journal can not be written');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        await handle
          .truncate(this.#size)
          .catch((cause) => this.log.error({ err: brief(cause) }, 'nor cut back'));
      }
    }
  }

  /** @returns {string[]} the oldest durable events, at most `count` and about a megabyte, at least one if there is any */
  peek(count = 100) {
    const lines = [];
    let total = 0;
    for (const { line, bytes } of this.#queue.slice(this.#head, this.#head + count)) {
      total += bytes;
      if (lines.length > 0 && total > BATCH_BYTES) break;
      lines.push(line);
    }
    return lines;
  }

  /** Settles when there may be something to peek at. */
  async ready() {
    if (this.#head < this.#queue.length) return;
    await new Promise((resolve) => {
      this.#wake = () => resolve(undefined);
    });
  }

  /** Web has stored the `count` oldest events. @param {number} count */
  async stored(count) {
    for (const { bytes } of this.#queue.slice(this.#head, this.#head + count)) this.#open -= bytes;
    this.#head += count;
    this.#stored = this.#queue[this.#head - 1].seq;
    if (this.#head > 1000) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    await this.#mark(false);
  }

  /**
   * Aside, then renamed: whoever is killed leaves it whole. After a power cut it may be old or empty unless it was synced, which
   * only repeats events; with every POST that would be a sync for nothing.
   * @param {boolean} durable
   */
  #mark(durable) {
    const next = this.#marking.then(async () => {
      const aside = `${this.offsetFile}.new`;
      await writeFile(aside, `${JSON.stringify({ seq: this.#stored })}\n`, { mode: 0o600, flush: durable });
      await rename(aside, this.offsetFile);
      if (durable) await syncDirectory(this.offsetFile);
    });
    this.#marking = next.catch((error) =>
      this.log.error({ err: brief(error) }, 'the journal offset can not be written'),
    );
    return this.#marking;
  }

  /** After a power cut the name may lead to the file before: no line in the new one counts until it can't. */
  async #settle() {
    if (this.#settled) return;
    await syncDirectory(this.file);
    this.#settled = true;
  }

  /** The offset must be down first: it alone remembers the count once the lines are gone. */
  async #compact() {
    try {
      await this.#mark(true);
      const rest = this.#queue.slice(this.#head);
      const text = rest.map((entry) => `${entry.line}\n`).join('');
      const earlier = this.handle;
      this.handle = await putInPlace(this.file, text); // from here on lines go into the new file, whatever fails
      this.#settled = false;
      this.#size = Buffer.byteLength(text);
      await earlier?.close();
    } catch (error) {
      this.log.error({ err: brief(error) }, 'the journal can not be compacted');
    }
  }

  /** Settles when all that was appended is on disk and the file is closed. */
  async close() {
    while (this.#writing) await this.#writing;
    await this.#mark(true);
    this.#wake();
    await this.handle?.close();
  }
}

/**
 * What can't be read is 0: a power cut left it so, and web applies once what it is told again.
 * @param {string} file
 * @param {import('pino').Logger} log
 * @returns {Promise<number>}
 */
async function readOffset(file, log) {
  const text = await readFile(file, 'utf8').catch(ifMissing('{"seq":0}'));
  const seq = /^\{"seq":(\d+)\}\s*$/.exec(text)?.[1];
  if (!seq) log.warn({ file }, 'the journal offset can not be read: what is in the journal is told again');
  return Number(seq ?? 0);
}

/** @template T @param {T} value @returns {(error: NodeJS.ErrnoException) => T} */
function ifMissing(value) {
  return (error) => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
}

/**
 * @param {string} file @param {string} text what it is to hold
 * @returns {Promise<import('node:fs/promises').FileHandle>} to append to it, opened before it has its name; on failure the file is as it was
 */
async function putInPlace(file, text) {
  const aside = `${file}.new`;
  const handle = await open(aside, 'a', 0o600);
  try {
    await handle.truncate(0); // somebody killed may have left one
    await handle.appendFile(text);
    await handle.sync();
    await rename(aside, file);
    return handle;
  } catch (error) {
    await handle.close().catch(() => {});
    throw error;
  }
}

/** A renamed file is durable only when its directory is. @param {string} file */
async function syncDirectory(file) {
  const directory = await open(path.dirname(file), 'r');
  await directory.sync().finally(() => directory.close());
}
