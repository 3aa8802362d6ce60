/**
 * WhatsApp's own multi-device protocol on a loopback WebSocket, for engines without a browser. It shares phones, messages,
 * linking and faults with the page stand-in; whoever connects is one more `Channel` of the world.
 */
import http from 'node:http';
import path from 'node:path';
import { WebSocketServer } from 'ws';
import { LIMITS } from '../limits.js';
import { sealedFile } from './attachments.js';
import { rootKeys, serverCertificate } from './certificates.js';
import { Connection } from './connection.js';
import { loadLibrary } from './library.js';
import { PhoneKeys } from './phone_keys.js';
import { SignalShelf } from './shelf.js';

const PATH = '/ws/chat';
const ORIGIN = 'https://web.whatsapp.com';
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/i;

/**
 * @typedef {import('../page_socket.js').Rooms} Rooms
 * @typedef {Rooms & import('./cipher.js').SignalRooms & {certificate: import('./certificates.js').Certificate, secret: Buffer}} ProtocolRooms
 */

export class ProtocolServer {
  /** @type {Set<Connection>} */
  #connections = new Set();
  /** @type {Promise<ProtocolRooms> | null} */
  #rooms = null;

  /**
   * @param {Rooms} rooms
   * @param {string} dir
   * @param {Buffer} secret
   */
  constructor(rooms, dir, secret) {
    this.rooms = rooms;
    this.secret = secret;
    this.root = rootKeys(secret);
    this.shelf = new SignalShelf(path.join(dir, 'signal'));
    this.shelf.sweep((id) => rooms.world.state.devices.has(id));
    this.server = http.createServer((request, response) => this.#answer(request, response));
    this.server.maxConnections = 2 * LIMITS.sockets;
    this.sockets = new WebSocketServer({
      noServer: true,
      maxPayload: LIMITS.frameBytes,
      perMessageDeflate: false,
    });
    this.server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    rooms.faults.on('drop', () => this.#drop());
  }

  /**
   * @param {number} port tried first; 0 for any
   * @returns {Promise<number>} the port it listens on
   */
  async listen(port) {
    await new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', () => resolve(undefined));
    });
    return /** @type {import('node:net').AddressInfo} */ (this.server.address()).port;
  }

  /** What an engine has to know. @param {number} port */
  found(port) {
    const host = `127.0.0.1:${port}`;
    return {
      url: `ws://${host}${PATH}`,
      root_key: this.root.public.toString('hex'),
      media_url: `http://${host}`,
    };
  }

  /** Devices linked before will be back at once: the library is loaded for them. */
  async warm() {
    if ([...this.rooms.world.state.devices.values()].some(({ index }) => index)) await this.#ready();
  }

  close() {
    this.#drop();
    this.server.close();
    this.server.closeAllConnections();
  }

  #drop() {
    for (const connection of [...this.#connections]) connection.drop();
  }

  /** @returns {Promise<ProtocolRooms>} */
  #ready() {
    this.#rooms ??= loadLibrary().then((library) => ({
      ...this.rooms,
      library,
      secret: this.secret,
      shelf: this.shelf,
      keys: new PhoneKeys(library, this.secret),
      certificate: serverCertificate(library, this.root),
    }));
    return this.#rooms;
  }

  /** A file of a message, by its path there. @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async #answer({ url = '', headers }, response) {
    const { lose_media, media_delay_ms } = this.rooms.faults.values;
    const file =
      lose_media || !LOOPBACK.test(headers.host ?? '') ? null : await this.#file(new URL(url, ORIGIN));
    setTimeout(() => (file ? response.end(file) : response.writeHead(404).end()), media_delay_ms).unref();
  }

  /** @param {URL} url */
  async #file(url) {
    return sealedFile(await this.#ready(), url);
  }

  /**
   * @param {http.IncomingMessage} request
   * @param {import('node:stream').Duplex} socket
   * @param {Buffer} head
   */
  async #upgrade(request, socket, head) {
    socket.on('error', () => socket.destroy());
    if (!this.#welcomes(request)) return socket.destroy();
    const rooms = await this.#ready();
    if (socket.destroyed) return;
    this.sockets.handleUpgrade(request, socket, head, (websocket) => {
      const connection = new Connection(websocket, rooms);
      this.#connections.add(connection);
      websocket.on('close', () => this.#connections.delete(connection));
    });
  }

  /** @param {http.IncomingMessage} request */
  #welcomes({ url = '', headers }) {
    const { pathname } = new URL(url, ORIGIN);
    const isOurs = pathname === PATH && headers.origin === ORIGIN && LOOPBACK.test(headers.host ?? '');
    return isOurs && !this.rooms.faults.values.refuse_connections && this.#connections.size < LIMITS.sockets;
  }
}
