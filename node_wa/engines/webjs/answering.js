import { GatewayError } from '../../errors.js';
import { Outgoing } from './outgoing.js';

/** What can be asked of a session that works. */

/** @typedef {{client: any, page: import('./page.js').Page}} Working */

export class Answering {
  /** @type {import('./media.js').Media | null} */
  #media = null;
  #outgoing;
  #working;

  /** @param {import('../../config.js').EngineSettings} settings @param {() => Working | null} working null while it does not */
  constructor(settings, working) {
    this.#outgoing = new Outgoing(settings.sendTimeout);
    this.#working = () => {
      const found = working();
      if (!found) throw new GatewayError('session_not_connected');
      return found;
    };
  }

  /** @param {import('../contract.js').OutgoingMessage[]} messages */
  async send(messages) {
    return this.#outgoing.send(this.#working().page, messages);
  }

  /** @param {import('../contract.js').Wanted} wanted */
  async find(wanted) {
    return this.#working().page.find(wanted);
  }

  /** @param {import('../contract.js').WantedMedia} wanted */
  async media(wanted) {
    const { client, page } = this.#working();
    const { Media } = await import('./media.js'); // the library is heavy, and the gateway reads this file too
    this.#media ??= new Media(client, page);
    return this.#media.fetch(wanted);
  }

  /** @param {{chat: import('../contract.js').Party}} read */
  async seen({ chat }) {
    return { seen: Boolean(await this.#working().page.call('seen', chat)) };
  }

  /** @param {string} phone */
  async checkNumber(phone) {
    return this.#working().page.exists(phone);
  }

  async selfCheck() {
    return { missing: await this.#working().page.call('check') };
  }
}
