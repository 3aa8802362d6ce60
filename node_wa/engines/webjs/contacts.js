import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LRUCache } from 'lru-cache';
import { writeAside } from '../../lib/write_aside.js';
import { brief } from '../../log.js';

/**
 * Which number belongs to which LID, kept in the session's directory: WhatsApp is asked once a contact and not again after a
 * restart, since asking often risks a ban (wa-js #2816, wwebjs #3919). What it would not tell is asked again after a day.
 */

const FILE = 'contacts.jsonl';
const MAX_CONTACTS = 5_000;
const MAX_LINES = 2 * MAX_CONTACTS; // of the file
const ASK_AGAIN_MS = 24 * 3600 * 1000;

/** @typedef {import('../contract.js').Party} Party */
/** @typedef {Party & {at: number}} Known `at`: when it was asked, epoch ms */

export class Contacts {
  /** @type {LRUCache<string, Known>} by address */
  #known = new LRUCache({ max: MAX_CONTACTS });
  /** @type {Promise<unknown>} */
  #written = Promise.resolve();
  #lines = 0;

  /** @param {string} directory of the session @param {import('pino').Logger} log */
  constructor(directory, log) {
    this.file = path.join(directory, FILE);
    this.log = log;
  }

  /** A line that can't be read costs one more question. */
  async load() {
    const text = await readFile(this.file, 'utf8').catch((error) => {
      if (error.code !== 'ENOENT') this.log.warn({ err: brief(error) }, 'known contacts can not be read');
      return '';
    });
    const lines = text.split('\n').filter(Boolean);
    for (const line of lines) this.#read(line);
    this.#lines = lines.length;
    if (this.#lines > MAX_LINES) await this.#compact();
  }

  /** @param {string} line */
  #read(line) {
    try {
      const [address, phone, lid, at] = JSON.parse(line);
      this.#known.set(address, { phone, lid, at });
    } catch (error) {
      this.log.warn({ err: brief(error) }, 'a known contact can not be read');
    }
  }

  /** @param {string} line */
  async #write(line) {
    await appendFile(this.file, line, { mode: 0o600 });
    this.#lines += 1;
    if (this.#lines > MAX_LINES) await this.#compact();
  }

  async #compact() {
    const lines = [...this.#known.keys()].reverse().flatMap((address) => {
      const known = this.#known.peek(address);
      return known ? [lineOf(address, known)] : [];
    });
    this.#lines = lines.length;
    await writeAside(this.file, lines.join('')).catch((error) =>
      this.log.warn({ err: brief(error) }, 'known contacts can not be written'),
    );
  }

  /** @param {string} address @returns {Party | undefined} undefined: to be asked for */
  get(address) {
    const known = this.#known.get(address);
    if (!known) return undefined;
    const { phone, lid, at } = known;
    return phone || Date.now() - at < ASK_AGAIN_MS ? { phone, lid } : undefined;
  }

  /** @param {string} address @param {Party} party */
  keep(address, { phone, lid }) {
    const before = this.#known.get(address);
    const known = { phone, lid, at: Date.now() };
    this.#known.set(address, known);
    if (before?.phone === phone && before?.lid === lid && phone) return;
    this.#written = this.#written
      .then(() => this.#write(lineOf(address, known)))
      .catch((error) => this.log.warn({ err: brief(error) }, 'a contact can not be written'));
  }
}

/** @param {string} address @param {Known} known */
const lineOf = (address, { phone, lid, at }) => `${JSON.stringify([address, phone, lid, at])}\n`;
