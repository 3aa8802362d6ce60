/**
 * A browser that has grown too heavy is replaced between two messages. WhatsApp Web never gives memory back, so a session
 * that runs for weeks would take what it can get; a new page holds only what it needs.
 */

/** How long a message that is being handed over is waited for. */
const DRAIN_MS = 5_000;
/** So much over the limit, it is replaced even in the middle of a message: that one is looked up afterwards. */
const FAR = 1.5;
/** One reading may be a moment's work. */
const READINGS = 2;
/** An account that needs more than the limit from the start must not be restarted for ever: the pause doubles up to an hour. */
const PAUSE_MS = { min: 5 * 60_000, max: 3_600_000 };

/** @typedef {import('./run.js').Run} Run */

export class Weight {
  /** Whose readings are counted. @type {Run | null} */
  #run = null;
  #over = 0;
  #replaced = 0;
  #pausedUntil = 0;
  #isBusy = false;

  /**
   * @param {number} limit MB; 0: none
   * @param {(run: Run, reason: string, detail: string) => void} lose
   */
  constructor(limit, lose) {
    this.limit = limit;
    this.lose = lose;
  }

  /** @param {Run} run @param {number} mb @param {number} [now] epoch ms */
  async weighed(run, mb, now = Date.now()) {
    if (run !== this.#run) this.#over = 0;
    this.#run = run;
    if (this.#isBusy || !this.#isDue(mb, now)) return;
    this.#isBusy = true;
    try {
      if ((await run.drain(DRAIN_MS)) || mb > this.limit * FAR) this.#replace(run, mb, now);
      else run.resume();
    } finally {
      this.#isBusy = false;
    }
  }

  /** @param {number} mb @param {number} now */
  #isDue(mb, now) {
    if (this.limit > 0 && mb > this.limit) this.#over += 1;
    else this.#over = 0;
    if (this.#over === 0 && now > this.#pausedUntil) this.#replaced = 0;
    return this.#over >= READINGS && now >= this.#pausedUntil;
  }

  /** @param {Run} run @param {number} mb @param {number} now */
  #replace(run, mb, now) {
    this.#pausedUntil = now + Math.min(PAUSE_MS.max, PAUSE_MS.min * 2 ** this.#replaced);
    this.#replaced += 1;
    this.#over = 0;
    this.lose(run, 'memory_limit', `the browser takes ${Math.round(mb)} MB, ${this.limit} MB are allowed`);
  }
}
