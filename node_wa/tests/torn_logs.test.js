import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { mendLogs, wholeLength } from '../engines/webjs/torn_logs.js';

const [FULL, FIRST, MIDDLE, LAST] = [1, 2, 3, 4];
const BLOCK = 32_768;
const HEADER = 7;

/** @param {number} type @param {number} length @param {number} [there] how many bytes of its content were written */
function record(type, length, there = length) {
  const bytes = Buffer.alloc(HEADER + there, 0x61);
  bytes.writeUInt16LE(length, 4);
  bytes[6] = type;
  return bytes;
}

const whole = Buffer.concat([record(FULL, 10), record(FIRST, 20), record(MIDDLE, 5), record(LAST, 30)]);

/** @type {[string, Buffer][]} */
const ENDS = [
  ['nothing', Buffer.alloc(0)],
  ['a part of a header', record(FULL, 100).subarray(0, 3)],
  ['a header alone', record(FULL, 100, 0)],
  ['a part of a content', record(FULL, 100, 99)],
  ['an entry that does not go on', record(FIRST, 100)],
  ['an entry that ends in a header', Buffer.concat([record(FIRST, 100), record(LAST, 9, 0)])],
];

for (const [what, end] of ENDS) {
  test(`a log that ends in ${what} is whole up to there`, () => {
    assert.equal(wholeLength(Buffer.concat([whole, end])), whole.length);
    assert.equal(wholeLength(end), 0);
  });
}

test('no record begins in the last six bytes of a block', () => {
  const block = Buffer.concat([record(FULL, BLOCK - 2 * HEADER - 3 - 10), record(FULL, 10), Buffer.alloc(3)]);
  assert.equal(block.length, BLOCK);
  assert.equal(wholeLength(Buffer.concat([block, whole])), BLOCK + whole.length);
  assert.equal(wholeLength(Buffer.concat([block, record(FULL, 10, 4)])), BLOCK - 3);
});

test('what is broken in another way, or no such log, is left alone', () => {
  for (const strange of [
    record(0, 0),
    record(9, 4),
    record(FULL, 60_000, 40_000),
    Buffer.from('<!doctype html>'),
  ]) {
    const log = Buffer.concat([whole, strange]);
    assert.equal(wholeLength(log), log.length);
  }
});

test('logs of what pages store are mended, everything else stays as it is', async (t) => {
  const profile = mkdtempSync(path.join(tmpdir(), 'wabot-profile-'));
  t.after(() => rmSync(profile, { recursive: true }));
  const torn = Buffer.concat([whole, record(FULL, 100, 0)]);
  const [pages, values] = ['Default/IndexedDB/https_a_0.indexeddb.leveldb', 'Default/Local Storage/leveldb'];
  const mended = [`${pages}/000004.log`, `${pages}/MANIFEST-000001`, `${values}/000003.log`];
  const others = [`${pages}/000005.ldb`, `${pages}/LOG`, 'Default/Cookies', 'Default/IndexedDB/stray.log'];
  for (const file of [...mended, ...others]) {
    mkdirSync(path.join(profile, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(profile, file), torn);
  }
  const cut = await mendLogs(profile);
  assert.deepEqual(cut.map(({ file }) => file).sort(), [...mended].sort());
  assert.ok(cut.every(({ bytes }) => bytes === HEADER));
  for (const file of mended) assert.deepEqual(readFileSync(path.join(profile, file)), whole);
  for (const file of others) assert.deepEqual(readFileSync(path.join(profile, file)), torn);
  assert.deepEqual(await mendLogs(profile), []);
});

test('a log of gigabytes is not read', async (t) => {
  const profile = mkdtempSync(path.join(tmpdir(), 'wabot-profile-'));
  t.after(() => rmSync(profile, { recursive: true }));
  const file = path.join(profile, 'Default/Local Storage/leveldb/000003.log');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, whole);
  truncateSync(file, 3 * 1024 ** 3); // takes no room on the disk
  assert.deepEqual(await mendLogs(profile), []);
});

test('a profile that is not there yet has nothing to mend', async () => {
  assert.deepEqual(await mendLogs(path.join(tmpdir(), 'wabot-no-such-profile')), []);
});
