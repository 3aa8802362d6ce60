import { backoff } from '../../lib/backoff.js';

/** When one connection follows another: at once where WhatsApp asks for it, but not at the pace of a server that only ever asks. */

const AT_ONCE = 3; // in a row
const FIRST_LOGINS = 10; // tries, in a minute or two
const STABLE_MS = 10_000; // one that held for so long was none of a row

export class Returning {
  #failures = 0;
  #openedAt = 0;

  /** @param {{min: number, max: number}} limits of a wait, ms */
  constructor(limits) {
    this.limits = limits;
  }

  get isOpen() {
    return this.#openedAt > 0;
  }

  opened() {
    this.#openedAt = Date.now();
  }

  closed() {
    if (this.isOpen && Date.now() - this.#openedAt > STABLE_MS) this.#failures = 0;
    this.#openedAt = 0;
  }

  /**
   * @param {{again: 'now' | 'later'}} meaning of the end
   * @param {{isReady: boolean, isFirstLogin: boolean}} life `isReady`: it worked before; `isFirstLogin`: a phone has just linked
   * @returns {number | null} ms; null: that is for the gateway to say
   */
  waitAfter({ again }, { isReady, isFirstLogin }) {
    this.#failures += 1;
    if (this.#failures <= AT_ONCE && (isFirstLogin || again === 'now')) return 0;
    if (!isReady && !(isFirstLogin && this.#failures <= FIRST_LOGINS)) return null;
    return backoff(this.#failures, this.limits);
  }
}
