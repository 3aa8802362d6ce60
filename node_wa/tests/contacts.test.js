/** Which number belongs to which LID, on disk: bounded, also in a session that runs for weeks. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Contacts } from '../engines/webjs/contacts.js';
import { until } from './support/sandbox.js';

const SILENT = /** @type {any} */ ({ warn: () => undefined });
const KNOWN = 5_000;
/** @type {string} */
let directory;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'wabot-contacts-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

const kept = () => {
  const file = path.join(directory, 'contacts.jsonl');
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
};
/** @param {number} n */
const lid = (n) => `${n}@lid`;
/** @param {Contacts} contacts @param {number} from @param {number} to */
function keep(contacts, from, to) {
  for (let n = from; n < to; n += 1) contacts.keep(lid(n), { phone: `+4915${n}`, lid: lid(n) });
}

test('the file holds twice the contacts that are known at most, those seen last among them', async () => {
  const contacts = new Contacts(directory, SILENT);
  await contacts.load();
  keep(contacts, 0, 2 * KNOWN + 100);
  const last = lid(2 * KNOWN + 99);
  await until('the last is written', () => kept().at(-1)?.includes(last));
  assert.ok(kept().length < 2 * KNOWN, `${kept().length} lines`);
  const later = new Contacts(directory, SILENT);
  await later.load();
  assert.equal(later.get(last)?.lid, last);
  assert.equal(later.get(lid(0)), undefined, 'to be asked for again');
});
