import { AsyncLocalStorage } from 'node:async_hooks';
import { LRUCache } from 'lru-cache';
import { GatewayError } from '../../errors.js';
import { deferred, within } from '../../lib/deadline.js';
import { Lock } from '../../lib/lock.js';
import { momentOf } from '../../lib/moment.js';

/**
 * Messages on their way out: one after the other, each until WhatsApp's server has confirmed it. WhatsApp drops a second one of
 * the same id, so asking again what became of one is sending it again.
 */

const MAX_WAITING = 200;
const CONFIRMED = 1_000; // ids
const MAX_CONTACTS = 5_000;
const LOOK_UP_MS = 8_000;

/** @typedef {import('../contract.js').OutgoingMessage} OutgoingMessage */
/** @typedef {{isSealing: boolean, isGivenUp: boolean}} Attempt once it is being sealed it may go out; given up, it must not any more */
/** @typedef {{sock: any, isUsable: () => boolean}} Working */

export class Sending {
  #line = new Lock();
  #waiting = 0;
  /** @type {Map<string, {promise: Promise<any>, resolve: (attrs: any) => void, reject: (error: Error) => void}>} by id */
  #open = new Map();
  /** @type {LRUCache<string, true>} */
  #handed = new LRUCache({ max: CONFIRMED });
  /** @type {LRUCache<string, true>} */
  #confirmed = new LRUCache({ max: CONFIRMED });
  /** @type {LRUCache<string, string>} number → its address, of those who are on WhatsApp */
  #known = new LRUCache({ max: MAX_CONTACTS });
  /** Whose work the library is doing. @type {AsyncLocalStorage<Attempt>} */
  #attempts = new AsyncLocalStorage();

  /**
   * @param {object} parts
   * @param {any} parts.library
   * @param {import('../../config.js').EngineSettings} parts.settings
   * @param {import('./keepsakes.js').Keepsakes} parts.keepsakes
   * @param {() => Working} parts.working
   * @param {(ack: import('../contract.js').EngineEvents['ack']) => void} parts.acked
   */
  constructor({ library, settings, keepsakes, working, acked }) {
    this.library = library;
    this.settings = settings;
    this.keepsakes = keepsakes;
    this.working = working;
    this.acked = acked;
  }

  /** @param {any} sock */
  attach(sock) {
    sock.ws.on('CB:ack,class:message', (/** @type {any} */ { attrs }) => this.#acknowledged(attrs));
    const seal = sock.signalRepository.encryptMessage;
    sock.signalRepository.encryptMessage = (/** @type {any[]} */ ...args) => {
      const attempt = this.#attempts.getStore();
      if (attempt?.isGivenUp) throw new Error('it was given up');
      if (attempt) attempt.isSealing = true;
      return seal.apply(sock.signalRepository, args);
    };
  }

  /** WhatsApp's server has it, which counts however late it is said, or refuses it. @param {any} attrs */
  #acknowledged(attrs) {
    const { id, error, t } = attrs;
    const isNews = !error && this.#handed.has(id) && !this.#confirmed.has(id);
    if (isNews) this.acked({ wa_message_id: id, ack: 'sent', at: momentOf(t) });
    if (isNews) this.#confirmed.set(id, true);
    this.#open.get(id)?.resolve(attrs);
  }

  /** What waits for a confirmation over it waits no more. */
  detached() {
    for (const { reject } of this.#open.values())
      reject(new GatewayError('outcome_unknown', 'the connection broke'));
  }

  /** @param {OutgoingMessage} message @returns {Promise<{wa_message_id: string, ack: import('../contract.js').Ack}>} */
  async send(message) {
    if (this.#waiting >= MAX_WAITING) throw new GatewayError('busy');
    const deadline = Date.now() + this.settings.sendTimeout;
    this.#waiting += 1;
    try {
      return await this.#line.run(() => this.#send(message, deadline));
    } finally {
      this.#waiting -= 1;
    }
  }

  /** @param {string} phone @returns {Promise<string | null>} its address; null: not on WhatsApp */
  async lookUp(phone) {
    const known = this.#known.get(phone);
    if (known) return known;
    const { sock } = this.working();
    const user = phone.replace(/\D/g, '');
    const jid = `${user}@s.whatsapp.net`;
    const stored = await sock.authState.keys.get('lid-mapping', [user]);
    const late = () => new GatewayError('session_not_connected', 'WhatsApp does not answer');
    const [found] = stored[user]
      ? [{ exists: true }]
      : ((await within(sock.onWhatsApp(jid), LOOK_UP_MS, late)) ?? [{}]);
    if (found?.exists === undefined && found !== undefined) throw late();
    if (!found?.exists) return null;
    this.#known.set(phone, jid);
    return jid;
  }

  /** @param {OutgoingMessage} message @param {number} deadline epoch ms */
  async #send({ to, body, wa_message_id: id }, deadline) {
    if (this.#confirmed.has(id)) return { wa_message_id: id, ack: /** @type {const} */ ('sent') };
    const jid = await this.lookUp(to).catch((error) => {
      throw error instanceof GatewayError
        ? error
        : new GatewayError('session_not_connected', 'WhatsApp could not be asked');
    });
    if (!jid) throw new GatewayError('not_on_whatsapp');
    if (Date.now() > deadline) throw new GatewayError('session_not_connected', 'not handed over in time');
    await this.#handOver(jid, { conversation: body }, id);
    return { wa_message_id: id, ack: /** @type {const} */ ('sent') };
  }

  /** @param {string} jid @param {any} message @param {string} id */
  async #handOver(jid, message, id) {
    const { sock, isUsable } = this.working();
    if (!isUsable()) throw new GatewayError('session_not_connected', 'WhatsApp is not reachable just now');
    const confirmation = deferred();
    this.#open.set(id, confirmation);
    this.#handed.set(id, true);
    const attempt = { isSealing: false, isGivenUp: false };
    try {
      const late = () => new GatewayError('outcome_unknown', 'WhatsApp’s server did not confirm it');
      const relayed = this.#attempts.run(attempt, () => this.#relay(sock, jid, message, id));
      relayed.catch((/** @type {unknown} */ error) => confirmation.reject(this.#failure(error, attempt)));
      const { error } = await within(confirmation.promise, this.settings.ackTimeout, late);
      await relayed.catch(() => undefined); // confirmed is confirmed
      if (error) throw refusal(error);
    } catch (error) {
      if (attempt.isSealing || !(error instanceof GatewayError) || error.code !== 'outcome_unknown')
        throw error;
      attempt.isGivenUp = true;
      throw new GatewayError('session_not_connected', error.detail);
    } finally {
      this.#open.delete(id);
    }
  }

  /** What it takes to send it again stands in the same write as the keys it was sealed with. @param {any} sock @param {string} jid @param {any} message @param {string} id */
  #relay(sock, jid, message, id) {
    const { keys, creds } = sock.authState;
    return keys.transaction(async () => {
      await this.keepsakes.keep(keys, 'sent', id, message);
      await sock.relayMessage(jid, message, { messageId: id });
    }, creds.me.id);
  }

  /** @param {any} error @param {Attempt} attempt @returns {Error} */
  #failure(error, attempt) {
    const text = String(error?.message ?? error).slice(0, 120);
    if (attempt.isSealing) return new GatewayError('outcome_unknown', text);
    const isAway = !this.working().isUsable();
    return new GatewayError(isAway ? 'session_not_connected' : 'engine_error', text);
  }
}

/** WhatsApp's server has refused it: nothing went out. @param {string} code */
function refusal(code) {
  if (code === '404' || code === '406') return new GatewayError('not_on_whatsapp');
  return new GatewayError('engine_error', `WhatsApp refused the message (${String(code).slice(0, 20)})`);
}
