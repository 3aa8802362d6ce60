/**
 * One socket: the handshake, then either a device that wants to be linked or one that logs in. Everything on it happens in
 * order.
 */
import { LIMITS } from '../limits.js';
import { errorText, log } from '../log.js';
import { Companion } from './companion.js';
import { Frames, framed } from './frames.js';
import { Noise } from './noise.js';
import { Pairing } from './pairing.js';
import { RESTART, stanza } from './stanzas.js';

/** The library loses what comes before it has switched to its transport keys. */
const FIRST_STANZA_MS = 20;
const UNAUTHORIZED = 401;

/**
 * @typedef {import('./stanzas.js').Stanza} Stanza
 * @typedef {{start: () => void, receive: (sent: Stanza) => void | Promise<void>, closed: () => void}} Role
 */

export class Connection {
  #frames = new Frames(LIMITS.frameBytes);
  #work = Promise.resolve();
  #noise;
  /** @type {Role | null} */
  #role = null;

  /**
   * @param {import('ws').WebSocket} socket
   * @param {import('./server.js').ProtocolRooms} rooms
   */
  constructor(socket, rooms) {
    this.socket = socket;
    this.rooms = rooms;
    this.#noise = new Noise(rooms.library, rooms.certificate);
    socket.on('message', (data) => this.#receive(/** @type {Buffer} */ (data)));
    socket.on('close', () => this.#role?.closed());
    socket.on('error', (error) => log('warning', 'a protocol socket failed', { error: errorText(error) }));
  }

  get isThere() {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** @param {Stanza} told */
  send(told) {
    if (!this.isThere || !this.#noise.isOpen) return;
    if (this.socket.bufferedAmount > LIMITS.backlogBytes) this.drop();
    else this.#write(this.#noise.encrypt(this.rooms.library.encodeBinaryNode(told)));
  }

  /** @param {Stanza} last */
  end(last) {
    this.send(last);
    this.socket.close();
  }

  drop() {
    this.socket.terminate();
  }

  /** @param {Uint8Array} bytes */
  #write(bytes) {
    this.socket.send(framed(bytes));
  }

  /** @param {Buffer} data */
  #receive(data) {
    this.#work = this.#work
      .then(async () => {
        for (const frame of this.#frames.take(data)) await this.#take(frame);
      })
      .catch((error) => {
        log('warning', 'a device sent something that could not be handled', { error: errorText(error) });
        this.drop();
      });
  }

  /** @param {Buffer} frame */
  async #take(frame) {
    if (!this.#noise.isOpen) return this.#shake(frame);
    const sent = await this.rooms.library.decodeBinaryNode(this.#noise.decrypt(frame));
    if (!this.#stalls(sent.tag, sent.attrs.xmlns)) await this.#role?.receive(sent);
  }

  /** @param {Buffer} frame */
  #shake(frame) {
    const { HandshakeMessage, ClientPayload } = this.rooms.library.proto;
    const { clientHello, clientFinish } = HandshakeMessage.decode(frame);
    if (clientHello?.ephemeral) {
      if (this.#stalls('hello')) return;
      this.#write(
        HandshakeMessage.encode({ serverHello: this.#noise.hello(clientHello.ephemeral) }).finish(),
      );
    } else if (clientFinish?.static && clientFinish.payload) {
      const { key, payload } = this.#noise.finish(clientFinish.static, clientFinish.payload);
      const wish = ClientPayload.decode(payload);
      setTimeout(() => this.#enter(key, wish), FIRST_STANZA_MS).unref();
    } else throw new TypeError('neither a hello nor a finish');
  }

  /** @param {Buffer} noiseKey @param {import('baileys').proto.ClientPayload} wish */
  #enter(noiseKey, { devicePairingData, username, device }) {
    const { refuse_login } = this.rooms.faults.values;
    if (!this.isThere || this.#stalls('login')) return;
    if (refuse_login && refuse_login !== RESTART)
      return this.end(stanza('failure', { reason: refuse_login, location: 'sandbox' }));
    try {
      this.#role = devicePairingData
        ? new Pairing(this, this.rooms, noiseKey, devicePairingData)
        : this.#login(noiseKey, String(username), device);
      this.#role?.start();
    } catch (error) {
      log('warning', 'a login could not be handled', { error: errorText(error) });
      this.drop();
    }
  }

  /** @param {Buffer} noiseKey @param {string} number @param {number | null | undefined} index */
  #login(noiseKey, number, index) {
    const { world } = this.rooms;
    const known = world.state.devicesOf(number).find((device) => device.index === index);
    const device = known && world.device(known.id, noiseKey.toString('base64'));
    if (device) return new Companion(this, this.rooms, device);
    this.end(stanza('failure', { reason: UNAUTHORIZED, location: 'sandbox' }));
    return null;
  }

  /** The fault `stall_stanza`. @param {string} tag @param {string} [xmlns] */
  #stalls(tag, xmlns) {
    const { stall_stanza: wanted } = this.rooms.faults.values;
    if (wanted !== tag && wanted !== `${tag}:${xmlns}`) return false;
    log('info', 'left unanswered', { stanza: wanted });
    return true;
  }
}
