/**
 * What the sandbox knows, as a fold over its events. No I/O, no clocks: `apply` is the only way anything changes, so a
 * restart ends in the same state by applying the journal again. Everything is bounded by `limits.js`.
 *
 * Ticks: 1 the server has it, 2 delivered, 3 read; they never run backwards.
 */
import { LIMITS } from './limits.js';
import { isImplicit } from './numbers.js';

/**
 * @typedef {{number: string, name: string, at: string}} Phone
 * @typedef {{id: string, from: string}} Quoted a message by its author and id
 * @typedef {{id: string, from: string, to: string, body: string, at: string, ack: number, device: string | null, kind?: string,
 *   media?: import('./media.js').Media, quoted?: Quoted}} Message without a kind it is a text; with media the body is its caption
 * @typedef {{n: number, message: Message, ack: number | null}} Item something a device has yet to take: a message (ack is
 *   null) or a tick
 * @typedef {{id: string, number: string, token: string, at: string, index?: number, queue: Item[]}} Device `index` is the device's
 *   number among those of its phone, where its protocol has one
 * @typedef {{with: string, messages: Message[]}} Chat
 *
 * @typedef {{e: 'phone', number: string, name: string, at: string}} PhoneEvent
 * @typedef {{e: 'link', id: string, number: string, token: string, at: string, index?: number}} LinkEvent
 * @typedef {{e: 'unlink', id: string}} UnlinkEvent
 * @typedef {{e: 'msg', n: number, id: string, from: string, to: string, body: string, at: string, ack: number,
 *   device: string | null, kind?: string, media?: import('./media.js').Media, quoted?: Quoted, old?: 1}} MessageEvent `old` stands in a compacted journal: it waits for no device
 * @typedef {{e: 'ack', n: number, from: string, id: string, ack: number}} AckEvent
 * @typedef {{e: 'got', device: string, n: number, alone?: 1}} GotEvent a device took everything up to n, or n alone
 * @typedef {{e: 'queue', device: string, items: [number, string, string, number | null][]}} QueueEvent
 * @typedef {PhoneEvent | LinkEvent | UnlinkEvent | MessageEvent | AckEvent | GotEvent | QueueEvent} Event
 */

export class State {
  /** @type {Map<string, Phone>} */
  phones = new Map();
  /** @type {Map<string, Device>} */
  devices = new Map();
  /** @type {Map<string, Message>} by sender and id, oldest first */
  messages = new Map();
  /** @type {Map<string, Message[]>} by number */
  inboxes = new Map();
  /** @type {Map<string, Map<string, Chat>>} by number, then by the other side, most recent last */
  chats = new Map();
  /** @type {Map<string, Set<Device>>} by number */
  #linked = new Map();
  n = 0;

  /** @param {string} number */
  exists(number) {
    return isImplicit(number) || this.phones.has(number);
  }

  /** @param {string} number */
  devicesOf(number) {
    return [...(this.#linked.get(number) ?? [])];
  }

  /**
   * @param {string} from
   * @param {string} id
   */
  message(from, id) {
    return this.messages.get(`${from}/${id}`);
  }

  /**
   * @param {Event} event
   * @returns {Device[]} devices that have something new waiting
   */
  apply(event) {
    if ('n' in event) this.n = Math.max(this.n, event.n);
    switch (event.e) {
      case 'msg':
        return this.#addMessage(event);
      case 'ack':
        return this.#tick(event);
      case 'phone':
        this.phones.set(event.number, { number: event.number, name: event.name, at: event.at });
        return [];
      case 'link':
        return this.#link(event);
      case 'unlink':
        return this.#unlink(event.id);
      case 'got':
        return this.#took(event);
      case 'queue':
        return this.#restoreQueue(event);
    }
  }

  /** @param {MessageEvent} event */
  #addMessage({ e: _, n, old, ...message }) {
    const { id, from, to, device } = message;
    this.messages.set(`${from}/${id}`, message);
    this.#intoChat(from, to, message);
    if (this.exists(to)) {
      if (to !== from) this.#intoChat(to, from, message);
      pushBounded(
        entry(this.inboxes, to, () => []),
        message,
        LIMITS.inboxPerPhone,
      );
    }
    if (this.messages.size > withSlack(LIMITS.messages)) this.#forgetOldest();
    if (old) return [];
    const devices = new Set([...this.devicesOf(to), ...this.devicesOf(from)]);
    return enqueue(
      [...devices].filter((d) => d.id !== device),
      { n, message, ack: null },
    );
  }

  /**
   * @param {string} owner
   * @param {string} other
   * @param {Message} message
   */
  #intoChat(owner, other, message) {
    const chats = entry(this.chats, owner, () => new Map());
    const chat = chats.get(other) ?? { with: other, messages: [] };
    pushBounded(chat.messages, message, LIMITS.messagesPerChat);
    chats.delete(other);
    chats.set(other, chat);
    if (chats.size > LIMITS.chatsPerPhone) chats.delete(first(chats.keys()));
  }

  /** The oldest of all are, where they are still held, the first of every list they are in. */
  #forgetOldest() {
    /** @type {Set<Message>} */
    const gone = new Set();
    /** @type {Set<Message[] | undefined>} */
    const lists = new Set();
    for (const [key, message] of this.messages) {
      if (this.messages.size <= LIMITS.messages) break;
      this.messages.delete(key);
      gone.add(message);
      lists.add(this.inboxes.get(message.to));
      lists.add(this.chats.get(message.from)?.get(message.to)?.messages);
      lists.add(this.chats.get(message.to)?.get(message.from)?.messages);
    }
    for (const list of lists) {
      const kept = list?.findIndex((message) => !gone.has(message)) ?? 0;
      list?.splice(0, kept < 0 ? list.length : kept);
    }
  }

  /** @param {AckEvent} event */
  #tick({ n, from, id, ack }) {
    const message = this.message(from, id);
    if (!message || message.ack >= ack) return [];
    message.ack = ack;
    return enqueue(this.devicesOf(from), { n, message, ack });
  }

  /** @param {LinkEvent} event */
  #link({ id, number, token, at, index }) {
    const device = { id, number, token, at, index, queue: [] };
    this.devices.set(id, device);
    entry(this.#linked, number, () => new Set()).add(device);
    return [];
  }

  /** @param {string} id */
  #unlink(id) {
    const device = this.devices.get(id);
    if (device) this.#linked.get(device.number)?.delete(device);
    this.devices.delete(id);
    return [];
  }

  /** @param {GotEvent} event */
  #took({ device: id, n, alone }) {
    const device = this.devices.get(id);
    if (!device) return [];
    const taken = alone ? device.queue.findIndex((item) => item.n === n) : -1;
    if (taken >= 0) device.queue.splice(taken, 1);
    if (alone) return [];
    const rest = device.queue.findIndex((item) => item.n > n);
    device.queue.splice(0, rest < 0 ? device.queue.length : rest);
    return [];
  }

  /** @param {QueueEvent} event */
  #restoreQueue({ device: id, items }) {
    const device = this.devices.get(id);
    for (const [n, from, messageId, ack] of items) {
      const message = this.message(from, messageId);
      if (message) device?.queue.push({ n, message, ack });
      this.n = Math.max(this.n, n);
    }
    return [];
  }

  /** @returns {Event[]} the shortest journal that gives this state again */
  dump() {
    /** @type {Event[]} */
    const events = [...this.phones.values()].map((phone) => ({ e: 'phone', ...phone }));
    for (const { queue: _, ...device } of this.devices.values()) events.push({ e: 'link', ...device });
    for (const message of this.messages.values()) events.push({ e: 'msg', n: this.n, old: 1, ...message });
    for (const { id, queue } of this.devices.values()) {
      if (queue.length === 0) continue;
      events.push({
        e: 'queue',
        device: id,
        items: queue.map((i) => [i.n, i.message.from, i.message.id, i.ack]),
      });
    }
    return events;
  }
}

/**
 * @param {Device[]} devices
 * @param {Item} item
 */
function enqueue(devices, item) {
  for (const device of devices) pushBounded(device.queue, item, LIMITS.queuePerDevice);
  return devices;
}

/**
 * @template T
 * @param {T[]} list
 * @param {T} value
 * @param {number} limit
 */
function pushBounded(list, value, limit) {
  list.push(value);
  if (list.length > withSlack(limit)) list.splice(0, list.length - limit);
}

/** Bounds are kept a tenth at a time: taking the first off a long list, one by one, is slow. @param {number} limit */
const withSlack = (limit) => limit + Math.ceil(limit / 10);

/**
 * @template V
 * @param {Map<string, V>} map
 * @param {string} key
 * @param {() => V} make
 * @returns {V}
 */
function entry(map, key, make) {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

/** @param {Iterator<string>} iterator */
const first = (iterator) => /** @type {string} */ (iterator.next().value);
