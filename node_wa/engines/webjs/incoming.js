import { LRUCache } from 'lru-cache';
import { GatewayError } from '../../errors.js';
import { within } from '../../lib/deadline.js';
import { Lock } from '../../lib/lock.js';
import { brief } from '../../log.js';

/**
 * Messages that arrive, with the phone number behind a LID. WhatsApp is asked for it once a contact, since asking often
 * risks a ban (wa-js #2816, wwebjs #3919); the answers wait in line so that messages stay in order.
 */

const LID_MS = 3_000;
const MAX_CONTACTS = 5_000;
const NOBODY = { phone: null, lid: null };

/** @typedef {import('../contract.js').Party} Party */

export class Incoming {
  #line = new Lock();
  /** @type {LRUCache<string, Party>} by address */
  #parties = new LRUCache({ max: MAX_CONTACTS });

  /** @param {any} client of whatsapp-web.js @param {import('pino').Logger} log */
  constructor(client, log) {
    this.client = client;
    this.log = log;
  }

  /** @param {any} raw as `watching` describes it @returns {Promise<import('../contract.js').ReceivedMessage>} */
  describe({ id, chat, from, t, ...rest }) {
    return this.#line.run(async () => ({
      ...rest,
      wa_message_id: id,
      chat: await this.#party(chat),
      from: await this.#party(from),
      at: new Date(t * 1000).toISOString(),
    }));
  }

  /** @param {string | null} address @returns {Promise<Party>} */
  async #party(address) {
    if (!address) return NOBODY;
    const known = this.#parties.get(address);
    if (known) return known;
    const party = await this.#ask(address);
    if (party.phone) this.#parties.set(address, party);
    return party;
  }

  /** @param {string} address */
  async #ask(address) {
    const isLid = address.endsWith('@lid');
    const plain = { phone: isLid ? null : phoneOf(address), lid: isLid ? address : null };
    try {
      const late = () => new GatewayError('deadline', 'the address could not be mapped');
      const [{ lid, pn }] = await within(this.client.getContactLidAndPhone([address]), LID_MS, late);
      return { phone: pn ? phoneOf(pn) : plain.phone, lid: lid ?? plain.lid };
    } catch (error) {
      this.log.warn({ err: brief(error) }, 'a contact could not be mapped');
      return plain;
    }
  }
}

/** @param {string} address `<digits>[:device]@c.us` */
const phoneOf = (address) => `+${address.replace(/[:@].*$/, '')}`;
