/**
 * A device that wants to be linked: it is given refs for its QR codes, or asks with a pairing code, and is handed the
 * account once a phone agrees. Afterwards it has to come back with a login.
 */
import { randomInt } from 'node:crypto';
import { Problem } from '../problems.js';
import { lidJid, numberJid, personAt } from './addresses.js';
import { isSigned, vouchFor } from './adv.js';
import { CodeExchange } from './code_exchange.js';
import { bytesIn, child, restart, SERVER, seconds, stanza } from './stanzas.js';

const PAIRING_MS = 10_000;
/** Device 0 is the phone, 99 means something else. */
const MAX_INDEX = 98;

/**
 * @typedef {import('./stanzas.js').Stanza} Stanza
 * @typedef {import('../linking.js').Candidate} Candidate
 * @typedef {import('baileys').proto.ClientPayload.IDevicePairingRegistrationData} Registration
 */

/** @implements {Candidate} */
export class Pairing {
  /** @type {{id: string, resolve: (answer: Stanza) => void, reject: (problem: Problem) => void} | null} */
  #awaited = null;
  /** @type {CodeExchange | null} */
  #exchange = null;
  takesAllRefs = true;

  /**
   * @param {import('./connection.js').Connection} connection
   * @param {import('./server.js').ProtocolRooms} rooms
   * @param {Buffer} noiseKey
   * @param {Registration} registration
   */
  constructor(connection, rooms, noiseKey, registration) {
    this.connection = connection;
    this.rooms = rooms;
    this.published = publishedIn(registration);
    this.noiseKey = noiseKey.toString('base64');
    this.identityKey = this.published.identity.toString('base64');
  }

  start() {
    this.rooms.linking.open(this);
  }

  /** @param {Stanza} sent */
  receive(sent) {
    if (sent.tag !== 'iq') return;
    if (sent.attrs.id === this.#awaited?.id) return this.#awaited.resolve(sent);
    const code = child(sent, 'link_code_companion_reg');
    if (code) this.#code(sent, code);
    else if (sent.attrs.type !== 'result') this.answer(sent);
  }

  closed() {
    this.#awaited?.reject(new Problem('device_gone'));
    this.#exchange?.closed();
    this.rooms.linking.close(this);
  }

  /** @param {Stanza} query @param {Stanza[]} [content] */
  answer({ attrs: { id } }, content) {
    this.connection.send(stanza('iq', { id, from: SERVER, type: 'result' }, content));
  }

  /** @param {Stanza} query */
  refuse({ attrs: { id } }) {
    const error = stanza('error', { code: 400, text: 'bad-request' });
    this.connection.send(stanza('iq', { id, from: SERVER, type: 'error' }, [error]));
  }

  /** @param {Stanza} query @param {Stanza} code */
  #code(query, code) {
    if (code.attrs.stage === 'companion_finish') {
      this.#exchange?.finish(query);
      return;
    }
    const number = personAt(code.attrs.jid)?.number;
    if (!number) throw new TypeError('no number to link with');
    this.#exchange = new CodeExchange(
      this,
      bytesIn(code, 'link_code_pairing_wrapped_companion_ephemeral_pub'),
    );
    this.rooms.linking.awaitCode(this, number);
    const ref = stanza('link_code_pairing_ref', {}, this.#exchange.ref);
    this.answer(query, [stanza('link_code_companion_reg', { stage: 'companion_hello' }, [ref])]);
  }

  // Candidate

  get isThere() {
    return this.connection.isThere;
  }

  /** @param {string[]} refs none: it has to come again */
  showRefs(refs) {
    if (refs.length === 0) return this.connection.drop();
    const content = refs.map((ref) => stanza('ref', {}, Buffer.from(ref)));
    const attrs = { id: `pair-${seconds()}`, from: SERVER, type: 'set', xmlns: 'md' };
    this.connection.send(stanza('iq', attrs, [stanza('pair-device', {}, content)]));
  }

  /**
   * @param {string} code as typed on the phone of this number
   * @param {string} number
   * @returns {Promise<string>} the secret both sides have now
   * @throws {Problem} code_foreign
   */
  proveCode(code, number) {
    if (!this.#exchange) throw new Problem('code_foreign');
    return this.#exchange.prove(code, number);
  }

  /**
   * @param {string} number
   * @param {string | null} advSecret
   */
  async pair(number, advSecret) {
    const { world, library, keys, shelf } = this.rooms;
    const index = this.#freeIndex(number);
    const { id, commit } = world.offerLink(number, { secret: this.noiseKey, index });
    const account = keys.of(number).identity;
    const { identity } = this.published;
    const { details, sealed } = vouchFor(library, account, { identity, index, advSecret: advSecret ?? '' });
    const answer = await this.#offer(number, index, sealed);
    const signed = bytesIn(child(answer, 'pair-device-sign'), 'device-identity');
    if (!isSigned(library, account.public, { details, identity }, signed)) throw new Problem('qr_foreign');
    shelf.register(id, this.published);
    commit();
    this.connection.end(restart());
    return { id };
  }

  /** @param {string} number */
  #freeIndex(number) {
    const taken = new Set(this.rooms.world.state.devicesOf(number).map(({ index }) => index));
    for (;;) {
      const index = randomInt(1, MAX_INDEX + 1);
      if (!taken.has(index)) return index;
    }
  }

  /**
   * @param {string} number
   * @param {number} index
   * @param {Uint8Array} sealed
   */
  #offer(number, index, sealed) {
    const id = `success-${seconds()}`;
    const [jid, lid] = [numberJid(number, index), lidJid(number, index)];
    const content = [
      stanza('device-identity', {}, sealed),
      stanza('device', { jid, lid }),
      stanza('platform', { name: 'sandbox' }),
    ];
    const offered = this.#untilAnswered(id);
    const attrs = { id, from: SERVER, type: 'set', t: seconds() };
    this.connection.send(stanza('iq', attrs, [stanza('pair-success', {}, content)]));
    return offered;
  }

  /** @param {string} id @returns {Promise<Stanza>} */
  #untilAnswered(id) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const answered = new Promise((resolve, reject) => {
      this.#awaited = { id, resolve, reject };
      timer = setTimeout(() => reject(new Problem('device_gone')), PAIRING_MS);
    });
    return answered.finally(() => {
      clearTimeout(timer);
      this.#awaited = null;
    });
  }
}

/** @param {Registration} registration */
function publishedIn({ eRegid, eIdent, eSkeyId, eSkeyVal, eSkeySig }) {
  if (!eRegid || eIdent?.length !== 32 || !eSkeyId || eSkeyVal?.length !== 32 || !eSkeySig) {
    throw new TypeError('a key is missing');
  }
  return {
    registrationId: Buffer.from(eRegid).readUInt32BE(),
    identity: Buffer.from(eIdent),
    signedPreKey: { keyId: Buffer.from(eSkeyId).readUIntBE(0, 3), public: eSkeyVal, signature: eSkeySig },
  };
}
