import { GatewayError } from './errors.js';
import { BACKED_UP } from './keeper.js';
import { weigh } from './scales.js';
import { Session } from './session.js';

/** The sessions this gateway holds, by id. One that has ended by itself is kept, so that its reason can be read. */

const MAX_OVER = 500;

/** @typedef {import('./session.js').Order} Order */

export class Sessions {
  /** @type {Map<string, Session>} */
  #held = new Map();
  #closing = false;

  /** @param {import('./session.js').Gateway} gateway */
  constructor(gateway) {
    this.gateway = gateway;
  }

  list() {
    return [...this.#held.values()].map((session) => session.snapshot());
  }

  /** @param {string} id */
  get(id) {
    const session = this.#held.get(id);
    if (!session) throw new GatewayError('session_not_found');
    return session;
  }

  /**
   * The same or an older epoch of a running session changes nothing; a higher one starts it anew. One that has ended by
   * itself is started again by the same epoch.
   * @param {string} id @param {Order} order
   */
  put(id, order) {
    if (this.#closing) throw new GatewayError('shutting_down');
    const held = this.#held.get(id);
    if (held && (order.epoch < held.epoch || (order.epoch === held.epoch && !held.isOver)))
      return held.snapshot();
    const session = held ?? this.#add(id, order);
    session.begin(order);
    return session.snapshot();
  }

  /** @param {string} id @param {Order} order */
  #add(id, order) {
    const session = new Session(id, order, this.gateway);
    this.#held.set(id, session);
    const over = [...this.#held.values()].filter((other) => other.isOver && other !== session);
    for (const old of over.slice(0, Math.max(0, over.length - MAX_OVER))) this.#held.delete(old.id);
    return session;
  }

  /** @param {string} id @param {number} epoch */
  async stop(id, epoch) {
    const session = this.get(id);
    fence(session, epoch);
    return this.#end(session, () => session.stop());
  }

  /** Also for a session that is not held: its profile goes. @param {string} id @param {Order} order */
  async logout(id, order) {
    if (this.#closing) throw new GatewayError('shutting_down');
    const session = this.#held.get(id) ?? this.#add(id, order);
    fence(session, order.epoch);
    return this.#end(session, () => session.logout());
  }

  /** @param {Session} session @param {() => Promise<void>} task */
  async #end(session, task) {
    session.ending += 1;
    await task().finally(() => {
      session.ending -= 1;
    });
    return this.#forget(session);
  }

  /** Unless it was started again meanwhile, or another call still ends it. @param {Session} session */
  #forget(session) {
    const isLeft = session.keeper.wanted || session.ending > 0;
    if (!isLeft && this.#held.get(session.id) === session) this.#held.delete(session.id);
    return session.snapshot();
  }

  async weigh() {
    await weigh(this.#held.values(), this.gateway.hosts);
  }

  /** While too many events wait to be stored, sessions rest with their logins kept; they come back by themselves. */
  relieve() {
    if (!this.gateway.isBackedUp()) return;
    for (const { keeper } of this.#held.values()) keeper.lose(keeper.run, ...BACKED_UP);
  }

  async close() {
    this.#closing = true;
    await Promise.all([...this.#held.values()].map((session) => session.shutdown()));
  }
}

/** @param {Session} session @param {number} epoch */
function fence(session, epoch) {
  if (epoch < session.epoch) throw new GatewayError('stale_epoch');
}
