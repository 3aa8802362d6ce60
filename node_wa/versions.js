import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LRUCache } from 'lru-cache';
import { Lock } from './lib/lock.js';
import { writeAside } from './lib/write_aside.js';
import { brief } from './log.js';

/**
 * What each version of WhatsApp Web takes away, counted in sessions: by what each session saw when it last came up with that
 * version. Kept in `gateway/versions.json`; a loss costs figures and nothing else.
 */

const MAX_VERSIONS = 50;
const MAX_SESSIONS = 1_000; // of a version

/** @typedef {{missing: string[], unusable: boolean}} Seen */

export class Versions {
  /** @type {LRUCache<string, {last_seen: string, sessions: LRUCache<string, Seen>}>} the one seen last first */
  #versions = new LRUCache({ max: MAX_VERSIONS });
  #line = new Lock();
  #isDue = false;

  /** @param {string} directory the gateway's own @param {import('pino').Logger} log */
  constructor(directory, log) {
    this.file = path.join(directory, 'versions.json');
    this.log = log;
    this.#load();
  }

  /**
   * @param {string | null} version
   * @param {string} session id
   * @param {string[]} missing abilities
   * @param {boolean} unusable what it needs is missing
   */
  saw(version, session, missing, unusable) {
    if (!version) return;
    const { sessions } = this.#versions.get(version) ?? { sessions: new LRUCache({ max: MAX_SESSIONS }) };
    sessions.set(session, { missing, unusable });
    this.#versions.set(version, { last_seen: new Date().toISOString(), sessions });
    this.#keep();
  }

  /** @returns {{web_version: string, sessions: number, missing: Record<string, number>, unusable: number, last_seen: string}[]} */
  list() {
    return [...this.#versions.entries()].map(([web_version, { last_seen, sessions }]) => {
      const seen = [...sessions.values()];
      /** @type {Record<string, number>} */
      const missing = {};
      for (const ability of seen.flatMap((one) => one.missing))
        missing[ability] = (missing[ability] ?? 0) + 1;
      const unusable = seen.filter((one) => one.unusable).length;
      return { web_version, sessions: seen.length, missing, unusable, last_seen };
    });
  }

  /** Settles when all is written down. */
  async close() {
    await this.#line.run(() => undefined);
  }

  /** However many come up together, one write is under way and at most one waits. */
  #keep() {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#line
      .run(() => {
        this.#isDue = false;
        return writeAside(this.file, JSON.stringify(this.#dump()));
      })
      .catch((error) => this.log.warn({ err: brief(error) }, 'versions of WhatsApp Web not kept'));
  }

  #dump() {
    return [...this.#versions.entries()]
      .reverse()
      .map(([version, { last_seen, sessions }]) => [version, last_seen, [...sessions.entries()].reverse()]);
  }

  #load() {
    try {
      for (const [version, last_seen, entries] of JSON.parse(readFileSync(this.file, 'utf8'))) {
        /** @type {LRUCache<string, Seen>} */
        const sessions = new LRUCache({ max: MAX_SESSIONS });
        for (const [id, seen] of entries) sessions.set(id, seen);
        this.#versions.set(version, { last_seen, sessions });
      }
    } catch (error) {
      if (/** @type {any} */ (error).code === 'ENOENT') return;
      this.#versions.clear();
      this.log.warn(
        { err: brief(error) },
        'versions of WhatsApp Web could not be read, they are counted anew',
      );
    }
  }
}
