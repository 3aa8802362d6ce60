import { GatewayError } from '../../errors.js';
import { within } from '../../lib/deadline.js';
import { Lock } from '../../lib/lock.js';
import { momentOf } from '../../lib/moment.js';
import { brief } from '../../log.js';
import { Contacts } from './contacts.js';
import { ackName } from './reasons.js';

/** Messages that arrive, with the phone number behind a LID. What has to be asked for waits in line, so that order is kept. */

const LID_MS = 3_000;

/** @typedef {import('../contract.js').Party} Party */

export class Incoming {
  #line = new Lock();

  /** @param {any} client of whatsapp-web.js @param {string} directory of the session @param {import('pino').Logger} log */
  constructor(client, directory, log) {
    this.client = client;
    this.log = log;
    this.contacts = new Contacts(directory, log);
    this.#line.run(() => this.contacts.load());
  }

  /** @param {any} raw as `letters` describes it @returns {Promise<import('../contract.js').ReceivedMessage>} */
  describe({ id, chat, number, ack, t, ...rest }) {
    return this.#line.run(async () => {
      const party = await this.#party(chat, number);
      return {
        ...rest,
        wa_message_id: id,
        chat: party,
        from: rest.from_me ? null : party,
        ack: ack === null ? null : ackName(ack),
        at: momentOf(t),
      };
    });
  }

  /** Settles when everything that was described has been told. */
  settled() {
    return this.#line.run(() => undefined);
  }

  /** @param {string} address @param {string | null} number what the page knows by itself @returns {Promise<Party>} */
  async #party(address, number) {
    const known = this.contacts.get(address);
    if (known?.phone) return known;
    if (number) return this.#keep(address, { phone: phoneOf(number), lid: address });
    return known ?? this.#ask(address);
  }

  /** @param {string} address @param {Party} party */
  #keep(address, party) {
    this.contacts.keep(address, party);
    return party;
  }

  /** @param {string} address */
  async #ask(address) {
    const isLid = address.endsWith('@lid');
    const plain = { phone: isLid ? null : phoneOf(address), lid: isLid ? address : null };
    try {
      const late = () => new GatewayError('deadline', 'the address could not be mapped');
      const [{ lid, pn }] = await within(this.client.getContactLidAndPhone([address]), LID_MS, late);
      return this.#keep(address, { phone: pn ? phoneOf(pn) : plain.phone, lid: lid ?? plain.lid });
    } catch (error) {
      this.log.warn({ err: brief(error) }, 'a contact could not be mapped');
      return plain;
    }
  }
}

/** @param {string} address `<digits>[:device]@c.us` */
const phoneOf = (address) => `+${address.replace(/[:@].*$/, '')}`;
