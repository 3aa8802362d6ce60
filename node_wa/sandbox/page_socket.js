/**
 * One page's socket: a candidate while it shows a QR code, the channel of a linked device afterwards. JSON frames.
 *
 * Page to sandbox: `hello` {noise, identity, device?: {id, secret}, addressing} first; `refs`; `code` {q, number};
 * `paired`; `refused`; `send` {id, to, body}; `got` {n}; `seen` {with}; `exists` {q, to}; `history` {q, with, before};
 * `byid` {q, with, id}; `logout`. Frames with `q` are answered by `re` {q, value}.
 *
 * Sandbox to page: `ref` {ref, ttl}; `pair` {device, number, proof}; `welcome` {account, chats, sync_ms};
 * `msg` {n, message}; `tick` {n, id, with, ack}; `ack` {id, ack}; `revoked`; `replaced`; `hang`; `bye`.
 */
import { createHmac } from 'node:crypto';
import { LIMITS } from './limits.js';
import { errorText, log } from './log.js';
import { lidOf, numberAt } from './numbers.js';
import { Problem } from './problems.js';
import { wireAccount, wireChats, wireMessage } from './wire.js';

const PAIRING_MS = 10_000;
const SYNC_MS = 300;
const MESSAGE_ID = /^[0-9A-Za-z]{8,64}$/;

/**
 * @typedef {{t: string, q?: number, [field: string]: unknown}} Frame
 * @typedef {{world: import('./world.js').World, linking: import('./linking.js').Linking,
 *   faults: import('./faults.js').Faults}} Rooms
 * @typedef {import('./linking.js').Candidate} Candidate
 * @typedef {import('./world.js').Channel} Channel
 */

/**
 * @implements {Candidate}
 * @implements {Channel}
 */
export class PageSocket {
  noiseKey = '';
  identityKey = '';
  /** @type {import('./wire.js').Addressing} */
  #addressing = 'lid';
  /** @type {import('./state.js').Device | null} */
  #device = null;
  /** @type {{resolve: () => void, reject: (problem: Problem) => void} | null} set while the page stores its login */
  #pairing = null;
  /** @type {Record<string, (frame: Frame) => void>} */
  #handlers;
  /** @type {Record<string, (frame: Frame) => void>} understood only from a linked device */
  #linkedHandlers;

  /**
   * @param {import('ws').WebSocket} socket
   * @param {Rooms} rooms
   */
  constructor(socket, rooms) {
    this.socket = socket;
    this.rooms = rooms;
    this.#handlers = {
      hello: this.#hello,
      refs: this.#refs,
      code: this.#code,
      paired: () => this.#pairing?.resolve(),
      refused: () => this.#pairing?.reject(new Problem('qr_foreign')),
    };
    this.#linkedHandlers = {
      send: this.#send,
      got: this.#got,
      seen: this.#seen,
      exists: this.#exists,
      history: this.#history,
      byid: this.#byId,
      logout: this.#logout,
    };
    socket.on('message', (data) => this.#receive(String(data)));
    socket.on('close', () => this.#closed());
    socket.on('error', (error) => log('warning', 'a page socket failed', { error: errorText(error) }));
  }

  /** @param {string} text */
  #receive(text) {
    try {
      /** @type {Frame} */
      const frame = JSON.parse(text);
      const handlers =
        this.#device && !Object.hasOwn(this.#handlers, frame.t) ? this.#linkedHandlers : this.#handlers;
      if (!Object.hasOwn(handlers, frame.t))
        throw new TypeError(`unexpected frame ${String(frame.t).slice(0, 20)}`);
      handlers[frame.t].call(this, frame);
    } catch (error) {
      log('warning', 'a page sent something that could not be handled', { error: errorText(error) });
      this.socket.close(1008);
    }
  }

  /** @param {Record<string, unknown>} frame */
  #tell(frame) {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.socket.bufferedAmount > LIMITS.backlogBytes) this.socket.terminate();
    else this.socket.send(JSON.stringify(frame));
  }

  /** Ticks go through here: they can be late or lost. @param {Record<string, unknown>} frame */
  #tellTick(frame) {
    const { lose_acks, ack_delay_ms } = this.rooms.faults.values;
    if (lose_acks) return;
    if (ack_delay_ms) setTimeout(() => this.#tell(frame), ack_delay_ms).unref();
    else this.#tell(frame);
  }

  /** @param {Frame} frame */
  #hello({ noise, identity, device, addressing }) {
    if (this.noiseKey) throw new TypeError('a second hello');
    this.noiseKey = text(noise, 64);
    this.identityKey = text(identity, 64);
    this.#addressing = addressing === 'pn' ? 'pn' : 'lid';
    if (!device) return this.rooms.linking.open(this);
    const { id, secret } = /** @type {{id: unknown, secret: unknown}} */ (device);
    const known = this.rooms.world.device(text(id, 64), text(secret, 64));
    if (known) this.#welcome(known);
    else this.revoked();
  }

  #refs() {
    if (!this.#device) this.rooms.linking.open(this);
  }

  /** @param {import('./state.js').Device} device */
  #welcome(device) {
    const { world, faults } = this.rooms;
    this.#device = device;
    const waiting = world.attach(device, this);
    const chats = wireChats(world, device, this.#addressing);
    const account = wireAccount(world, device.number);
    this.#tell({ t: 'welcome', account, chats, sync_ms: faults.syncMs(SYNC_MS) });
    for (const item of waiting) this.deliver(item);
  }

  // Candidate

  /**
   * @param {string | null} ref
   * @param {number} ttl
   */
  showRef(ref, ttl) {
    this.#tell({ t: 'ref', ref, ttl });
  }

  /**
   * @param {string} number
   * @param {string | null} advSecret what the phone read in the QR code; null when a code was typed
   */
  async pair(number, advSecret) {
    const { id, secret, commit } = this.rooms.world.offerLink(number);
    const proof = advSecret === null ? null : hmac(advSecret, `${id}${number}${this.identityKey}`);
    this.#tell({ t: 'pair', device: { id, secret }, number, proof });
    await this.#untilStored();
    commit();
    const device = this.rooms.world.device(id, secret);
    if (device) this.#welcome(device);
    return { id };
  }

  /** @returns {Promise<void>} */
  async #untilStored() {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    try {
      await new Promise((resolve, reject) => {
        this.#pairing = { resolve: () => resolve(undefined), reject };
        timer = setTimeout(() => reject(new Problem('device_gone')), PAIRING_MS);
      });
    } finally {
      clearTimeout(timer);
      this.#pairing = null;
    }
  }

  /** @param {Frame} frame */
  #code({ q, number }) {
    const digits = text(number, 20).replace(/\D/g, '');
    this.#tell({ t: 're', q, value: this.rooms.linking.makeCode(this, digits) });
  }

  // Channel

  /** @param {import('./state.js').Item} item */
  deliver({ n, message, ack }) {
    if (!this.#device) return;
    const { number } = this.#device;
    const wire = wireMessage(this.rooms.world, message, number, this.#addressing);
    if (ack === null) this.#tell({ t: 'msg', n, message: wire });
    else this.#tellTick({ t: 'tick', n, id: wire.id, with: wire.with, ack });
  }

  revoked() {
    this.#tell({ t: 'revoked' });
    this.#device = null;
  }

  replaced() {
    this.#tell({ t: 'replaced' });
    this.#device = null;
    this.socket.close();
  }

  hang() {
    this.#tell({ t: 'hang' });
  }

  drop() {
    this.socket.terminate();
  }

  // Frames of a linked device

  /** @param {Frame} frame */
  #send({ id, to, body }) {
    const device = this.#linked();
    const number = numberAt(to);
    const possible = number && this.rooms.world.exists(number) && String(body).length <= LIMITS.textLength;
    if (!possible || typeof body !== 'string' || !MESSAGE_ID.test(String(id))) {
      this.#tell({ t: 'ack', id, ack: -1 });
      return;
    }
    const message = { from: device.number, to: number, body, id: String(id), device: device.id };
    this.rooms.world.send(message, (ack) => this.#tellTick({ t: 'ack', id, ack }));
  }

  /** @param {Frame} frame */
  #got({ n }) {
    this.rooms.world.took(this.#linked(), Number(n));
  }

  /** @param {Frame} frame */
  #seen({ with: address }) {
    const other = numberAt(address);
    if (other) this.rooms.world.seen(this.#linked().number, other);
  }

  /** @param {Frame} frame */
  #exists({ q, to }) {
    const number = numberAt(to);
    const value = number && this.rooms.world.exists(number) ? { number, lid: lidOf(number) } : null;
    this.#tell({ t: 're', q, value });
  }

  /** @param {Frame} frame */
  #history({ q, with: address, before }) {
    const other = numberAt(address);
    const { number } = this.#linked();
    const all = other ? this.rooms.world.chat(number, other) : [];
    const end = all.findIndex((message) => message.id === before);
    const older = all.slice(0, end < 0 ? all.length : end).slice(-LIMITS.historyPerChat);
    this.#tell({
      t: 're',
      q,
      value: older.map((m) => wireMessage(this.rooms.world, m, number, this.#addressing)),
    });
  }

  /** @param {Frame} frame */
  #byId({ q, with: address, id }) {
    const other = numberAt(address);
    const { number } = this.#linked();
    const found = other && this.rooms.world.chat(number, other).find((message) => message.id === id);
    const value = found ? wireMessage(this.rooms.world, found, number, this.#addressing) : null;
    this.#tell({ t: 're', q, value });
  }

  #logout() {
    this.rooms.world.logout(this.#linked());
    this.#device = null;
    this.#tell({ t: 'bye' });
  }

  #linked() {
    if (!this.#device) throw new TypeError('not a linked device');
    return this.#device;
  }

  #closed() {
    this.#pairing?.reject(new Problem('device_gone'));
    this.rooms.linking.close(this);
    if (this.#device) this.rooms.world.detach(this.#device, this);
  }
}

/**
 * @param {unknown} value
 * @param {number} limit
 */
function text(value, limit) {
  if (typeof value !== 'string' || value.length > limit) throw new TypeError('a text is missing or too long');
  return value;
}

/**
 * @param {string} key
 * @param {string} value
 */
const hmac = (key, value) => createHmac('sha256', key).update(value).digest('base64');
