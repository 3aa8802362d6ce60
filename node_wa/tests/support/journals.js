/** Journals in a directory of a test's own, opened one after another as by the lives of a gateway. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { Journal } from '../../journal.js';

export const log = pino({ level: 'silent' });

export class Journals {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'wabot-journal-'));
  file = path.join(this.directory, 'journal.jsonl');

  /** @param {string} [bootId] */
  open(bootId = 'boot') {
    return new Journal(this.directory, { bootId, log }).open();
  }

  /** @returns {Promise<number[]>} what the next life finds, as `append` numbered it */
  async found() {
    const next = await this.open('next');
    const there = numbers(next);
    await next.close();
    return there;
  }

  remove() {
    fs.rmSync(this.directory, { recursive: true });
  }
}

/** @param {Journal} journal @param {object} data */
export const write = (journal, data) =>
  journal.append({ type: 't', session_id: 's', epoch: 1, correlation_id: 'c', data });

/** @param {Journal} journal @param {number} n */
export const append = (journal, n) => write(journal, { n });

/** @param {Journal} journal */
export const numbers = (journal) => journal.peek(1_000).map((line) => JSON.parse(line).data.n);
