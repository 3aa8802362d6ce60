/**
 * A linked device that is logged in over this protocol: the world's `Channel`, and what the device itself says.
 */
import { LRUCache } from 'lru-cache';
import { errorText, log } from '../log.js';
import { lidJid, numberJid, personAt } from './addresses.js';
import { bundleInRetry } from './bundles.js';
import { PhoneCipher } from './cipher.js';
import { historyStanza } from './history.js';
import { damaged, messageStanza, tickStanza } from './incoming.js';
import { takeMessage } from './outgoing.js';
import { answer } from './queries.js';
import { child, children, RESTART, restart, SERVER, seconds, stanza } from './stanzas.js';

/** Below this the server asks for more pre-keys. */
const PRE_KEYS_LOW = 5;
const REMEMBERED_ASKS = 1_000;
/** With the fault `refuse_login: 515` a device is in for so long. */
const RESTART_MS = 50;

/**
 * @typedef {import('./stanzas.js').Stanza} Stanza
 * @typedef {import('../state.js').Item} Item
 * @typedef {import('./server.js').ProtocolRooms} CompanionRooms
 * @typedef {import('../world.js').Channel} Channel
 * @typedef {{item: Item, sent: number, refusals: number}} Handed what the device has not confirmed; refusals: to come, for
 *   what it already asked for again
 */

/** @implements {Channel} */
export class Companion {
  /** @type {Map<string, Handed>} by class and id */
  #handed = new Map();
  /** @type {LRUCache<string, number>} */
  #asked = new LRUCache({ max: REMEMBERED_ASKS });
  #isActive = false;
  #preKeysTold = PRE_KEYS_LOW;
  #telling = Promise.resolve();
  /** @type {Record<string, (sent: Stanza) => void | Promise<void>>} */
  #handlers = {
    iq: (query) => this.tell(answer(this.#asker, query)),
    message: (sent) => takeMessage(this, sent),
    receipt: (sent) => this.#receipt(sent),
    ack: (sent) => this.#confirm(sent),
    presence: () => {},
    chatstate: () => {},
    ib: () => {},
    call: () => {},
  };

  /**
   * @param {import('./connection.js').Connection} connection
   * @param {CompanionRooms} rooms
   * @param {import('../state.js').Device} device
   */
  constructor(connection, rooms, device) {
    this.connection = connection;
    this.rooms = rooms;
    this.device = device;
  }

  start() {
    this.rooms.world.attach(this.device, this);
    const lid = lidJid(this.device.number, this.device.index);
    this.tell(stanza('success', { t: seconds(), lid, location: 'sandbox', props: 0 }));
  }

  get #asker() {
    const { world, keys, shelf } = this.rooms;
    const [active, logout] = [() => this.#activate(), () => this.#logout()];
    return { world, keys, shelf, device: this.device, active, logout };
  }

  /** @param {Stanza} sent */
  async receive(sent) {
    if (Object.hasOwn(this.#handlers, sent.tag)) await this.#handlers[sent.tag](sent);
    else log('warning', 'a device sent an unknown stanza', { tag: sent.tag });
  }

  closed() {
    this.rooms.world.detach(this.device, this);
  }

  /** @param {Stanza} told */
  tell(told) {
    this.connection.send(told);
  }

  /** Ticks go through here: they can be late or lost. @param {Stanza} told */
  tellTick(told) {
    const { lose_acks, ack_delay_ms } = this.rooms.faults.values;
    if (lose_acks) return;
    if (ack_delay_ms) setTimeout(() => this.tell(told), ack_delay_ms).unref();
    else this.tell(told);
  }

  /** How the device's own phone is addressed where `jid` is addressed like that. @param {string} jid */
  ownJid(jid) {
    return personAt(jid)?.byLid ? lidJid(this.device.number) : numberJid(this.device.number);
  }

  /** @param {string} id @param {string} number of the phone that asks @returns {number} how often, this time included */
  countAsk(id, number) {
    const key = `${id} ${number}`;
    const count = (this.#asked.get(key) ?? 0) + 1;
    this.#asked.set(key, count);
    return count;
  }

  /** The fault `ask_again`. @param {string} id */
  asksAgain(id) {
    const { ask_again } = this.rooms.faults.values;
    return ask_again > 0 && this.countAsk(id, 'fault') <= ask_again;
  }

  // What waits for it

  #activate() {
    if (this.#isActive) return;
    this.#isActive = true;
    const waiting = [...this.device.queue];
    const isNew = !this.rooms.shelf.session(this.device.id, this.device.number);
    const { refuse_login } = this.rooms.faults.values;
    if (refuse_login === RESTART) setTimeout(() => this.connection.end(restart()), RESTART_MS).unref();
    for (const item of waiting) this.#hand(item, true);
    this.#next(async () => {
      setTimeout(() => this.#synced(waiting.length, isNew), this.rooms.faults.syncMs(0)).unref();
    });
  }

  /** @param {number} count of what waited @param {boolean} isNew */
  #synced(count, isNew) {
    if (this.rooms.faults.values.stall_stanza === 'offline') return;
    this.tell(stanza('ib', { from: SERVER }, [stanza('offline', { count })]));
    if (isNew) this.#next(async () => this.tell(await historyStanza(this.rooms, this.device)));
  }

  /** @param {Item} item */
  deliver(item) {
    // Before, it waits in the device's queue.
    if (this.#isActive) this.#hand(item, false);
  }

  /** @param {Item} item @param {boolean} waited */
  #hand(item, waited) {
    if (item.ack === null) this.#next(() => this.#handMessage(item, waited));
    else this.#next(async () => this.#handTick(item, waited));
  }

  /** One at a time, in order. @param {() => Promise<void>} step */
  #next(step) {
    this.#telling = this.#telling.then(step).catch((error) => {
      log('error', 'a device could not be told something', { error: errorText(error) });
    });
  }

  /** @param {Item} item @param {boolean} waited */
  #handTick({ n, message, ack }, waited) {
    const told = tickStanza(message, Number(ack), waited);
    this.#handed.set(keyOf('receipt', told), { item: { n, message, ack }, sent: 1, refusals: 0 });
    this.tellTick(told);
  }

  /** @param {Item} item @param {boolean} waited @param {number} [again] */
  async #handMessage(item, waited, again) {
    if (!this.connection.isThere) return;
    const told = await messageStanza(this.rooms, this.device, item.message, { waited, again });
    const key = keyOf('message', told);
    const handed = this.#handed.get(key) ?? { item, sent: 0, refusals: 0 };
    this.#handed.set(key, { ...handed, sent: handed.sent + 1 });
    const { damage_message, replay_message } = this.rooms.faults.values;
    this.tell(handed.sent < Number(damage_message) ? damaged(told) : told);
    if (replay_message) this.tell(told);
    if (isFirst(told)) this.#tellPreKeys();
  }

  #tellPreKeys() {
    const count = this.rooms.shelf.preKeyCount(this.device.id);
    if (count >= this.#preKeysTold) return;
    this.#preKeysTold = count;
    const attrs = { id: `keys${count}-${seconds()}`, from: SERVER, type: 'encrypt', t: seconds() };
    this.tell(stanza('notification', attrs, [stanza('count', { value: count })]));
  }

  // What it says of them

  /** @param {Stanza} sent */
  #confirm(sent) {
    const handed = this.#handed.get(keyOf(sent.attrs.class, sent));
    if (!handed) return;
    if (handed.refusals > 0) handed.refusals -= 1;
    else this.#took(keyOf(sent.attrs.class, sent), handed);
  }

  /** @param {string} key @param {Handed} handed */
  #took(key, { item }) {
    this.#handed.delete(key);
    this.rooms.world.tookOne(this.device, item.n);
  }

  /** @param {Stanza} sent */
  async #receipt(sent) {
    const { id, to, type } = sent.attrs;
    this.tell(stanza('ack', { class: 'receipt', id, from: to, type, t: seconds() }));
    if (type === 'read') return this.#read(sent);
    const handed = this.#handed.get(`message ${id} `);
    if (!handed) return;
    if (type === 'retry') await this.#again(handed, sent);
    else if (type !== 'hist_sync') this.#took(`message ${id} `, handed);
  }

  /** @param {Handed} handed @param {Stanza} receipt */
  async #again(handed, receipt) {
    handed.refusals += 1;
    const bundle = bundleInRetry(receipt);
    const { item } = handed;
    if (bundle) await new PhoneCipher(this.rooms, item.message.from, this.device.id).begin(bundle);
    const again = Number(child(receipt, 'retry')?.attrs.count ?? 1);
    this.#next(() => this.#handMessage(item, false, again));
  }

  /** @param {Stanza} receipt */
  #read({ attrs: { id, to }, content }) {
    const { world } = this.rooms;
    const others = Array.isArray(content) ? children(content[0]).map((item) => item.attrs.id) : [];
    const author = personAt(to)?.number;
    if (author === undefined) return;
    const read = [id, ...others].map((each) => world.state.message(author, each));
    world.markRead(
      read.filter((message) => message?.to === this.device.number).filter((message) => message !== undefined),
    );
  }

  // Ends

  #logout() {
    this.rooms.world.logout(this.device);
    this.connection.end(removed());
  }

  revoked() {
    this.connection.end(removed());
  }

  replaced() {
    this.connection.end(stanza('stream:error', {}, [stanza('conflict', { type: 'replaced' })]));
  }
}

/** A session may just have begun, with a pre-key. @param {Stanza} told */
const isFirst = (told) => child(told, 'enc')?.attrs.type === 'pkmsg';

const removed = () => stanza('stream:error', { code: 401 }, [stanza('conflict', { type: 'device_removed' })]);

/** @param {string} kind @param {Stanza} told */
const keyOf = (kind, { attrs: { id, type } }) => `${kind} ${id} ${kind === 'receipt' ? (type ?? '') : ''}`;
