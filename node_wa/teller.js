import { LRUCache } from 'lru-cache';

/**
 * Writes what happens to a session into the journal, each thing once: engines may tell an ack or a message several times, and
 * again after a restart. What was told is remembered here, beyond the life of a run; the memory is bounded, so web has to bear
 * a repetition all the same.
 */

const REMEMBERED = 5_000;

/** @typedef {{correlation: string | null, id: string}} Origin of a sent message: its request, and web's own id of it */

export class Teller {
  /** @type {LRUCache<string, Origin>} by message id */
  #origins = new LRUCache({ max: REMEMBERED });
  /** @type {LRUCache<string, string>} message id → ack told last */
  #acks = new LRUCache({ max: REMEMBERED });
  /** @type {LRUCache<string, true>} ids of incoming messages */
  #received = new LRUCache({ max: REMEMBERED });
  /** Settles when all that was told is on disk. @type {Promise<void>} */
  written = Promise.resolve();

  /** @param {import('./session.js').Session} session @param {import('./journal.js').Journal} journal */
  constructor(session, journal) {
    this.session = session;
    this.journal = journal;
  }

  /** Acks of this message name its origin. @param {string} messageId @param {Origin} origin */
  expect(messageId, origin) {
    this.#origins.set(messageId, origin);
  }

  status() {
    this.#tell('session.status', this.session.order.correlation, this.session.snapshot());
  }

  /** @param {{wa_message_id: string, ack: string, at: string}} ack */
  ack(ack) {
    if (this.#acks.get(ack.wa_message_id) === ack.ack) return;
    this.#acks.set(ack.wa_message_id, ack.ack);
    const { correlation = null, id = null } = this.#origins.get(ack.wa_message_id) ?? {};
    this.#tell('message.ack', correlation, { ...ack, message_id: id });
  }

  /** @param {import('./engines/contract.js').ReceivedMessage} message */
  received(message) {
    const isOurs = message.from_me && this.#origins.has(message.wa_message_id);
    if (isOurs || this.#received.has(message.wa_message_id)) return;
    this.#received.set(message.wa_message_id, true);
    this.#tell('message.received', null, message);
  }

  /** @param {string} type @param {string | null} correlation @param {object} data */
  #tell(type, correlation, data) {
    const { id, epoch } = this.session;
    this.written = this.journal.append({ type, session_id: id, epoch, correlation_id: correlation, data });
  }
}
