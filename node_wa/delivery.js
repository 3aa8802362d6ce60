import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from './lib/backoff.js';
import { crashPoint } from './lib/crash_points.js';
import { brief } from './log.js';

/**
 * Carries the journal to web: in order, at most 100 events a POST, one POST at a time, the same again until web says it has
 * stored it, in smaller portions while it does not get through. Nothing else ever takes an event off the journal.
 */

const DEADLINE_MS = 20_000; // a web that is gone is known at once; one that is slow is not helped by asking it again
const FULL = 100;
const SMALLEST = 1; // one that is refused in company may pass alone
const SPACING_MS = 25;
const SPACING_IN_FLOOD_MS = 200;
const FLOOD = 5; // events in a batch
const BACKOFF = { min: 50, max: 2_000 };

/**
 * Between two POSTs: a lone event goes at once, a flood costs web 5 requests a second instead of one an event, and a backlog
 * is not held up.
 * @param {number} events in the last batch
 */
const spacing = (events) => (events >= FLOOD && events < FULL ? SPACING_IN_FLOOD_MS : SPACING_MS);

export class Delivery {
  #stopped = false;
  #failures = 0;
  #portion = FULL;

  /** @param {{journal: import('./journal.js').Journal, url: string, secret: string, log: import('pino').Logger}} parts */
  constructor({ journal, url, secret, log }) {
    this.journal = journal;
    this.url = url;
    this.secret = secret;
    this.log = log;
  }

  /** Runs until `stop`. */
  async run() {
    let next = 0;
    while (!this.#stopped) {
      await this.journal.ready();
      const early = next - performance.now();
      if (early > 0) await sleep(early);
      const batch = this.journal.peek(this.#portion);
      if (batch.length === 0 || this.#stopped) continue;
      next = performance.now() + spacing(batch.length);
      if (await this.#post(batch)) {
        this.#portion = Math.min(FULL, this.#portion * 2);
        await this.journal.stored(batch.length);
      } else {
        this.#portion = Math.max(SMALLEST, Math.floor(this.#portion / 2));
        await sleep(backoff(this.#failures, BACKOFF));
      }
    }
  }

  stop() {
    this.#stopped = true;
  }

  /** @param {string[]} lines @returns {Promise<boolean>} whether web has stored them */
  async #post(lines) {
    try {
      const answer = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${this.secret}` },
        body: `{"events":[${lines.join(',')}]}`,
        redirect: 'error',
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`web answered ${answer.status}`);
      crashPoint('events.after-post');
      this.#failures = 0;
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  /** The first failure and then every doubling is worth a line; web may be down for hours. @param {unknown} error */
  #failed(error) {
    this.#failures += 1;
    if (this.#stopped || (this.#failures & (this.#failures - 1)) !== 0) return;
    const pending = this.journal.pending;
    this.log.warn(
      { err: brief(error), failures: this.#failures, pending },
      'events not delivered, trying again',
    );
  }
}
