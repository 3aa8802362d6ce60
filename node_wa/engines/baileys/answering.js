import { coded, GatewayError } from '../../errors.js';
import { within } from '../../lib/deadline.js';

/** What can be asked of a session that works. */

const CHECK_MS = 8_000;
const SLICE_MS = 250; // of a call; the gateway looks then whether it may go on

/**
 * @typedef {object} Connected
 * @property {any} library
 * @property {any} sock
 * @property {import('./sending.js').Sending} sending
 * @property {import('./media.js').Media} media
 * @property {import('./receiving.js').Receiving} receiving
 */

export class Answering {
  #connected;

  /** @param {() => Connected | null} connected null while it is not */
  constructor(connected) {
    this.#connected = () => {
      const found = connected();
      if (!found) throw new GatewayError('session_not_connected');
      return found;
    };
  }

  /**
   * @param {import('../contract.js').OutgoingMessage[]} messages
   * @returns {Promise<import('../contract.js').Outcome[]>} of those that were tried
   */
  async send(messages) {
    const end = Date.now() + SLICE_MS;
    const outcomes = [];
    for (const message of messages) {
      outcomes.push(await this.#try(message));
      if ('code' in outcomes[outcomes.length - 1] || Date.now() > end) break;
    }
    return outcomes;
  }

  /** @param {import('../contract.js').OutgoingMessage} message @returns {Promise<import('../contract.js').Outcome>} */
  async #try(message) {
    try {
      return await this.#connected().sending.send(message);
    } catch (error) {
      const { code, detail } = coded(error, 'outcome_unknown'); // nobody foresaw it, so nobody can say that nothing went out
      return { code, detail };
    }
  }

  /**
   * WhatsApp drops a second one of the same id, so what it confirms now has arrived once.
   * @param {import('../contract.js').Wanted} wanted
   * @returns {Promise<import('../contract.js').Found>}
   */
  async find({ wa_message_id, to, body }) {
    try {
      const { ack } = await this.#connected().sending.send({ wa_message_id, to, body });
      return { found: true, wa_message_id, ack };
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'not_on_whatsapp') return { found: false };
      throw error;
    }
  }

  /** @param {import('../contract.js').WantedMedia} wanted */
  async media(wanted) {
    const { media, sock } = this.#connected();
    return media.fetch(sock.authState.keys, wanted);
  }

  /** @param {{chat: import('../contract.js').Party}} read */
  async seen({ chat }) {
    const { receiving, sock } = this.#connected();
    const keys = receiving.takeUnread([chat.lid, chat.phone].filter((one) => one !== null));
    if (keys.length > 0) await sock.readMessages(keys);
    return { seen: keys.length > 0 };
  }

  /** @param {string} phone */
  async checkNumber(phone) {
    return { exists: (await this.#connected().sending.lookUp(phone)) !== null };
  }

  /** One question to WhatsApp, about ourselves, proves the connection; the rest is ours. */
  async selfCheck() {
    const { library, sock } = this.#connected();
    const { me } = sock.authState.creds;
    const number = library.jidNormalizedUser(me.id);
    const late = () => new GatewayError('deadline', 'WhatsApp does not answer');
    const [found] = (await within(sock.onWhatsApp(number), CHECK_MS, late)) ?? [];
    return { missing: [found?.exists ? [] : ['number_check'], me.lid ? [] : ['lid_map']].flat() };
  }
}
