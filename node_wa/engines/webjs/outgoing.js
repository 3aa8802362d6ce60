import { GatewayError } from '../../errors.js';
import { Lock } from '../../lib/lock.js';

/** Messages on their way into the page: one after the other, in the order they were given, and never late. */

const MAX_WAITING = 200; // calls

export class Outgoing {
  #line = new Lock();
  #waiting = 0;

  /** @param {number} timeout ms until messages must have been handed over */
  constructor(timeout) {
    this.timeout = timeout;
  }

  /**
   * @param {import('./page.js').Page} page
   * @param {import('../contract.js').OutgoingMessage[]} messages
   */
  async send(page, messages) {
    if (this.#waiting >= MAX_WAITING) throw new GatewayError('busy');
    const deadline = Date.now() + this.timeout;
    this.#waiting += 1;
    try {
      return await this.#line.run(() => this.#hand(page, messages, deadline));
    } finally {
      this.#waiting -= 1;
    }
  }

  /** @param {import('./page.js').Page} page @param {import('../contract.js').OutgoingMessage[]} messages @param {number} deadline */
  async #hand(page, messages, deadline) {
    if (Date.now() > deadline) throw new GatewayError('session_not_connected', 'not handed over in time');
    return page.send(messages, deadline);
  }
}
