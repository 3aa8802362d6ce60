/**
 * The WhatsApp of the sandbox: numbers, phones, linked devices, and the way of a message between them. It knows neither
 * HTTP nor pages: whatever speaks for a linked device attaches a `Channel` and calls in here. Every change is in the
 * journal before it holds, and before anybody is told.
 */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { LIMITS } from './limits.js';
import { lidOf } from './numbers.js';
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

  /**
   * @param {Event[]} events
   * @param {() => void} [kept]
   */
  #commit(events, kept = () => {}) {
    if (events.length === 0) return;
    this.journal.append(events);
    kept();
    const touched = new Set(events.flatMap((event) => this.#state.apply(event)));
    const from = events.find((event) => 'n' in event);
    for (const device of touched) this.#deliver(device, from && 'n' in from ? from.n : 0);
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

  // Phones

  /** @param {string} number */
  exists(number) {
    return this.#state.exists(number);
  }

  /** @param {string} number */
  nameOf(number) {
    return this.#state.phones.get(number)?.name ?? `+${number}`;
  }

  /**
   * @param {string} number
   * @param {string} [name] kept as it was when left out
   */
  putPhone(number, name) {
    const known = this.#state.phones.get(number);
    if (!known && this.#state.phones.size >= LIMITS.phones) throw new Problem('too_many_phones');
    const at = known?.at ?? now();
    this.#commit([{ e: 'phone', number, name: name ?? known?.name ?? `+${number}`, at }]);
    return this.phone(number);
  }

  /**
   * @param {string} number
   * @throws {Problem} phone_not_found
   */
  phone(number) {
    if (!this.exists(number)) throw new Problem('phone_not_found', `+${number} is not a virtual phone`);
    const devices = this.#state.devicesOf(number).map((device) => ({
      id: device.id,
      linked_at: device.at,
      online: this.#online.has(device.id),
    }));
    return { number: `+${number}`, name: this.nameOf(number), lid: lidOf(number), devices };
  }

  phones() {
    return [...this.#state.phones.keys()].map((number) => this.phone(number));
  }

  /** @param {string} number */
  inbox(number) {
    this.phone(number);
    const messages = this.#state.inboxes.get(number) ?? [];
    return messages.map(({ id, from, body, at }) => ({ id, from: `+${from}`, body, at, kind: 'text' }));
  }

  /**
   * Most recent chat first, messages oldest first.
   *
   * @param {string} number
   * @param {number} [limit]
   */
  chats(number, limit = LIMITS.shownChats) {
    const chats = [...(this.#state.chats.get(number)?.values() ?? [])].slice(-limit).reverse();
    return chats.map((chat) => ({
      with: chat.with,
      name: this.nameOf(chat.with),
      unread: this.#unread(number, chat.with).length,
      messages: [...chat.messages],
    }));
  }

  /**
   * @param {string} number
   * @param {string} other
   * @returns {Message[]} the chat between the two, oldest first
   */
  chat(number, other) {
    return [...(this.#state.chats.get(number)?.get(other)?.messages ?? [])];
  }

  /**
   * @param {string} number
   * @param {string} other
   */
  #unread(number, other) {
    return this.chat(number, other).filter((m) => m.from === other && m.from !== number && m.ack < TICK.READ);
  }

  // Devices

  /**
   * @param {string} number
   * @returns {{id: string, secret: string, commit: () => void}} the device is linked once `commit` is called, which is
   *   when it has said that it stored the secret
   * @throws {Problem} phone_not_found, too_many_devices
   */
  offerLink(number) {
    if (this.phone(number).devices.length >= LIMITS.devicesPerPhone) throw new Problem('too_many_devices');
    const id = randomUUID();
    const secret = randomBytes(32).toString('base64url');
    const commit = () => {
      /** @type {Event[]} */
      const made = this.#state.phones.has(number)
        ? []
        : [{ e: 'phone', number, name: `+${number}`, at: now() }];
      this.#commit([...made, { e: 'link', id, number, token: tokenOf(secret), at: now() }]);
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

  /**
   * @param {Device} device
   * @param {Channel} channel
   */
  detach(device, channel) {
    if (this.#online.get(device.id) === channel) this.#online.delete(device.id);
  }

  get onlineDevices() {
    return this.#online.size;
  }

  /**
   * @param {Device} device
   * @param {number} n
   */
  took(device, n) {
    if (device.queue.length > 0 && device.queue[0].n <= n) this.#commit([{ e: 'got', device: device.id, n }]);
  }

  /** @param {Device} device */
  waitingFor(device) {
    return new Set(device.queue.filter((item) => item.ack === null).map((item) => item.message));
  }

  /**
   * @param {string} number
   * @returns {number} how many devices were linked
   */
  unlinkAll(number) {
    this.phone(number);
    const devices = this.#state.devicesOf(number);
    this.#unlink(devices);
    return devices.length;
  }

  /** @param {Device[]} devices */
  #unlink(devices) {
    this.#commit(devices.map(({ id }) => ({ e: 'unlink', id })));
    for (const { id } of devices) {
      this.#online.get(id)?.revoked();
      this.#online.delete(id);
    }
  }

  /** @param {Device} device the device logged itself out */
  logout(device) {
    this.#online.delete(device.id);
    this.#commit([{ e: 'unlink', id: device.id }]);
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
   * @param {(ack: number) => void} [accepted] told the message's tick once it is kept, before anybody else is told
   */
  send({ from, to, body, id, device }, accepted = () => {}) {
    const known = this.#state.message(from, id);
    if (known) return accepted(known.ack);
    const n = this.#state.n + 1;
    /** @type {Event[]} */
    const events = [{ e: 'msg', n, id, from, to, body, at: now(), ack: TICK.SERVER, device }];
    // Virtual phones are always on: they take what comes and say so.
    if (this.exists(to)) events.push({ e: 'ack', n: n + 1, from, id, ack: TICK.DELIVERED });
    this.#commit(events, () => accepted(TICK.SERVER));
  }

  /**
   * The phone writes by hand.
   *
   * @param {string} from
   * @param {string} to
   * @param {string} body
   */
  write(from, to, body) {
    this.phone(from);
    const id = newMessageId();
    this.send({ from, to, body, id, device: null });
    return id;
  }

  /**
   * The owner of the phone looks at messages.
   *
   * @param {string} number
   * @param {string} [id] all that arrived when left out
   * @returns {number} how many became read by it
   * @throws {Problem} phone_not_found, message_not_found
   */
  read(number, id) {
    this.phone(number);
    const inbox = this.#state.inboxes.get(number) ?? [];
    const chosen = id === undefined ? inbox : inbox.filter((message) => message.id === id);
    if (id !== undefined && chosen.length === 0) throw new Problem('message_not_found', undefined, 'id');
    return this.#markRead(chosen);
  }

  /**
   * A device of `number` says that the chat was looked at.
   *
   * @param {string} number
   * @param {string} other
   */
  seen(number, other) {
    this.#markRead(this.#unread(number, other));
  }

  /** @param {Message[]} messages */
  #markRead(messages) {
    const unread = messages.filter((message) => message.ack < TICK.READ);
    const { n } = this.#state;
    this.#commit(unread.map(({ from, id }, i) => ({ e: 'ack', n: n + 1 + i, from, id, ack: TICK.READ })));
    return unread.length;
  }

  /** Everything is forgotten; linked devices learn that they no longer are. */
  reset() {
    this.#unlink([...this.#state.devices.values()]);
    this.#state = new State();
    this.journal.compact([]);
  }
}

/** The random part of a message key as WhatsApp Web makes it: `3EB0` and 18 upper-case hex digits. */
export const newMessageId = () => `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;

const now = () => new Date().toISOString();

/** @param {string} secret */
const tokenOf = (secret) => createHash('sha256').update(secret).digest('hex');
