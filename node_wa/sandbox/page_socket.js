/**
 * One page's socket: a candidate while it shows a QR code, the channel of a linked device afterwards. JSON frames.
 *
 * Page to sandbox: `hello` {noise, identity, device?: {id, secret}, addressing} first; `refs`; `code` {q, number}; `paired`;
 * `refused`; once linked, `logout` and those of `device_frames.js`.
 *
 * Sandbox to page: `ref` {ref, ttl}; `pair` {device, number, proof}; `welcome` {account, chats, sync_ms}; `msg` {n, message};
 * `tick` {n, id, with, ack}; `ack` {id, ack}; `re` {q, value}; `revoked`; `replaced`; `hang`; `bye`.
 */
import { createHmac } from 'node:crypto';
import { deviceFrames } from './device_frames.js';
import { LIMITS } from './limits.js';
import { errorText, log } from './log.js';
import { Problem } from './problems.js';
import { wireAccount, wireChats, wireMessage } from './wire.js';

const PAIRING_MS = 10_000;
const SYNC_MS = 300;

/**
 * @typedef {{t: string, q?: number, [field: string]: unknown}} Frame
 * @typedef {{world: import('./world.js').World, linking: import('./linking.js').Linking,
 *   faults: import('./faults.js').Faults, media: import('./media.js').MediaShelf}} Rooms
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
  #handlers = {
    hello: (frame) => this.#hello(frame),
    refs: () => this.#device || this.rooms.linking.open(this),
    code: (frame) => this.#code(frame),
    paired: () => this.#pairing?.resolve(),
    refused: () => this.#pairing?.reject(new Problem('qr_foreign')),
    logout: () => this.#logout(),
  };

  /**
   * @param {import('ws').WebSocket} socket
   * @param {Rooms} rooms
   */
  constructor(socket, rooms) {
    this.socket = socket;
    this.rooms = rooms;
    socket.on('message', (data) => this.#receive(String(data)));
    socket.on('close', () => this.#closed());
    socket.on('error', (error) => log('warning', 'a page socket failed', { error: errorText(error) }));
  }

  /** @param {string} text */
  #receive(text) {
    try {
      this.#handle(JSON.parse(text));
    } catch (error) {
      log('warning', 'a page sent something that could not be handled', { error: errorText(error) });
      this.socket.close(1008);
    }
  }

  /** @param {Frame} frame */
  #handle(frame) {
    if (Object.hasOwn(this.#handlers, frame.t)) return this.#handlers[frame.t](frame);
    if (!Object.hasOwn(deviceFrames, frame.t)) throw new TypeError('unknown frame');
    // A device that was unlinked a moment ago may not know yet.
    if (!this.#device) return;
    const { world, faults } = this.rooms;
    const tell = this.#tell.bind(this);
    const tellTick = this.#tellTick.bind(this);
    const hidesNumbers = faults.values.hide_numbers;
    deviceFrames[frame.t](
      { world, device: this.#device, addressing: this.#addressing, hidesNumbers, tell, tellTick },
      frame,
    );
  }

  /** @param {Record<string, unknown>} frame */
  #tell(frame) {
    if (!this.isThere) return;
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

  /** @param {Frame} frame */
  #code({ q, number }) {
    const digits = text(number, 20).replace(/\D/g, '');
    this.#tell({ t: 're', q, value: this.rooms.linking.makeCode(this, digits) });
  }

  #logout() {
    if (this.#device) this.rooms.world.logout(this.#device);
    this.#device = null;
    this.#tell({ t: 'bye' });
  }

  #closed() {
    this.#pairing?.reject(new Problem('device_gone'));
    this.rooms.linking.close(this);
    if (this.#device) this.rooms.world.detach(this.#device, this);
  }

  // Candidate

  get isThere() {
    return this.socket.readyState === this.socket.OPEN;
  }

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

  // Channel

  /** @param {import('./state.js').Item} item */
  deliver({ n, message, ack }) {
    if (!this.#device) return;
    const wire = wireMessage(this.rooms.world, message, this.#device.number, this.#addressing);
    if (ack === null) this.#tell({ t: 'msg', n, message: wire });
    else this.#tellTick({ t: 'tick', n, id: wire.id, with: wire.with, ack });
  }

  revoked() {
    this.#device = null;
    this.#tell({ t: 'revoked' });
  }

  replaced() {
    this.#device = null;
    this.#tell({ t: 'replaced' });
    this.socket.close();
  }

  // Faults

  hang() {
    this.#tell({ t: 'hang' });
  }

  drop() {
    this.socket.terminate();
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
