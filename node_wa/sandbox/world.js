/**
 * The WhatsApp of the sandbox: numbers, linked devices, and the way of a message between them. It knows neither HTTP nor
 * pages: whatever speaks for a linked device attaches a `Channel` and calls in here. Every change is in the journal before
 * it holds, and before anybody is told. What the owner of a phone does stands in `phones.js`.
 */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { LIMITS } from './limits.js';
import { Problem } from './problems.js';
import { State } from './state.js';

export const TICK = Object.freeze({ SERVER: 1, DELIVERED: 2, READ: 3 });

/**
 * @typedef {import('./state.js').Device} Device
 * @typedef {import('./state.js').Message} Message
 * @typedef {import('./state.js').Item} Item
 * @typedef {import('./state.js').Event} Event
 *
 * @typedef {object} Channel what a device that is online can be told
 * @property {(item: Item) => void} deliver
 * @property {() => void} revoked the phone unlinked it
 * @property {() => void} replaced the same device came online elsewhere
 */

export class World {
  #state = new State();
  /** @type {Map<string, Channel>} by device */
  #online = new Map();

  /** @param {import('./journal.js').Journal} journal opened here, closed by `close` */
  constructor(journal) {
    this.journal = journal;
    for (const event of journal.open()) this.#state.apply(event);
  }

  close() {
    this.journal.close();
  }

  /** To be read only: it changes by `commit`. */
  get state() {
    return this.#state;
  }

  /**
   * @param {Event[]} events
   * @param {() => void} [kept] called when they are in the journal, before any device is told
   */
  commit(events, kept = () => {}) {
    if (events.length === 0) return;
    this.journal.append(events);
    kept();
    const touched = new Set(events.flatMap((event) => this.#state.apply(event)));
    const first = events.find((event) => 'n' in event);
    for (const device of touched) this.#deliver(device, first && 'n' in first ? first.n : 0);
    if (this.journal.wantsCompacting) this.journal.compact(this.#state.dump());
  }

  /**
   * @param {Device} device
   * @param {number} from items before this one were handed over earlier
   */
  #deliver(device, from) {
    const channel = this.#online.get(device.id);
    if (!channel) return;
    let index = device.queue.length;
    while (index > 0 && device.queue[index - 1].n >= from) index -= 1;
    for (const item of device.queue.slice(index)) channel.deliver(item);
  }

  /** @param {string} number */
  exists(number) {
    return this.#state.exists(number);
  }

  /** @param {string} number */
  nameOf(number) {
    return this.#state.phones.get(number)?.name ?? `+${number}`;
  }

  // Devices

  /**
   * @param {string} number of an existing phone
   * @param {{secret?: string, index?: number}} [own] where the protocol has the device bring them
   * @returns {{id: string, secret: string, commit: () => void}} the device is linked once `commit` is called, which is
   *   when it has said that it stored the secret
   * @throws {Problem} too_many_devices
   */
  offerLink(number, { secret = randomBytes(32).toString('base64url'), index } = {}) {
    if (this.#state.devicesOf(number).length >= LIMITS.devicesPerPhone) throw new Problem('too_many_devices');
    const id = randomUUID();
    const commit = () => {
      const at = now();
      /** @type {Event[]} */
      const made = this.#state.phones.has(number) ? [] : [{ e: 'phone', number, name: `+${number}`, at }];
      this.commit([...made, { e: 'link', id, number, token: tokenOf(secret), at, index }]);
    };
    return { id, secret, commit };
  }

  /**
   * @param {string} id
   * @param {string} secret
   * @returns {Device | null} null when it is not linked (any more)
   */
  device(id, secret) {
    const device = this.#state.devices.get(id);
    if (!device) return null;
    return timingSafeEqual(Buffer.from(device.token), Buffer.from(tokenOf(secret))) ? device : null;
  }

  /**
   * A device came online; another channel of the same device is told that it was replaced.
   *
   * @param {Device} device
   * @param {Channel} channel
   * @returns {Item[]} what waited for it
   */
  attach(device, channel) {
    this.#online.get(device.id)?.replaced();
    this.#online.set(device.id, channel);
    return [...device.queue];
  }

  /** As if every device came online elsewhere. */
  replaceAll() {
    for (const channel of [...this.#online.values()]) channel.replaced();
  }

  /**
   * @param {Device} device
   * @param {Channel} channel
   */
  detach(device, channel) {
    if (this.#online.get(device.id) === channel) this.#online.delete(device.id);
  }

  /** @param {Device} device */
  isOnline(device) {
    return this.#online.has(device.id);
  }

  get onlineDevices() {
    return this.#online.size;
  }

  /**
   * The device has everything up to n.
   *
   * @param {Device} device
   * @param {number} n
   */
  took(device, n) {
    if (device.queue.length > 0 && device.queue[0].n <= n) this.commit([{ e: 'got', device: device.id, n }]);
  }

  /**
   * The device has n, and perhaps not yet what came before.
   *
   * @param {Device} device
   * @param {number} n
   */
  tookOne(device, n) {
    if (device.queue.some((item) => item.n === n))
      this.commit([{ e: 'got', device: device.id, n, alone: 1 }]);
  }

  /** @param {Device[]} devices */
  unlink(devices) {
    this.commit(devices.map(({ id }) => ({ e: 'unlink', id })));
    for (const { id } of devices) {
      this.#online.get(id)?.revoked();
      this.#online.delete(id);
    }
  }

  /** @param {Device} device that logs itself out */
  logout(device) {
    this.#online.delete(device.id);
    this.commit([{ e: 'unlink', id: device.id }]);
  }

  // Messages

  /**
   * A message of a number to another. The same id from the same number is one message, however often it is sent.
   *
   * @param {object} message
   * @param {string} message.from
   * @param {string} message.to any number
   * @param {string} message.body
   * @param {string} message.id
   * @param {string | null} message.device the device it was written on, null for the phone itself
   * @param {string} [message.kind] a text when left out
   * @param {import('./media.js').Media} [message.media]
   * @param {import('./state.js').Quoted} [message.quoted]
   * @param {(ack: number) => void} [accepted] told the message's tick once it is kept, before anybody else is told
   */
  send(message, accepted = () => {}) {
    const { from, to, id } = message;
    const known = this.#state.message(from, id);
    if (known) return accepted(known.ack);
    const n = this.#state.n + 1;
    /** @type {Event[]} */
    const events = [{ e: 'msg', n, ...message, at: now(), ack: TICK.SERVER }];
    // Virtual phones are always on: they take what comes and say so.
    if (this.exists(to)) events.push({ e: 'ack', n: n + 1, from, id, ack: TICK.DELIVERED });
    this.commit(events, () => accepted(TICK.SERVER));
  }

  /**
   * @param {string} number
   * @param {string} other
   * @returns {Message[]} the chat between the two, oldest first
   */
  chat(number, other) {
    return (this.#state.chats.get(number)?.get(other)?.messages ?? []).slice(-LIMITS.messagesPerChat);
  }

  /**
   * @param {string} number
   * @param {string} other
   * @returns {Message[]} what `other` wrote and `number` has not read
   */
  unread(number, other) {
    return this.chat(number, other).filter((m) => m.from === other && m.to === number && m.ack < TICK.READ);
  }

  /**
   * @param {Message[]} messages
   * @returns {number} how many became read by this
   */
  markRead(messages) {
    const unread = messages.filter((message) => message.ack < TICK.READ);
    const { n } = this.#state;
    this.commit(unread.map(({ from, id }, i) => ({ e: 'ack', n: n + 1 + i, from, id, ack: TICK.READ })));
    return unread.length;
  }

  /** Everything is forgotten; linked devices learn that they no longer are. */
  reset() {
    this.unlink([...this.#state.devices.values()]);
    this.#state = new State();
    this.journal.compact([]);
  }
}

/** The random part of a message key as WhatsApp Web makes it: `3EB0` and 18 upper-case hex digits. */
export const newMessageId = () => `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;

export const now = () => new Date().toISOString();

/** @param {string} secret */
const tokenOf = (secret) => createHash('sha256').update(secret).digest('hex');
