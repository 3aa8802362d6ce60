/**
 * The HTTPS server that browsers take for web.whatsapp.com: the stand-in page, its modules, its socket.
 */
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { WebSocketServer } from 'ws';
import { LIMITS } from './limits.js';
import { PageSocket } from './page_socket.js';
import { profiles } from './profiles.js';

const PAGE_DIR = path.join(import.meta.dirname, 'page');
const ORIGIN = 'https://web.whatsapp.com';

/**
 * @typedef {import('node:http').IncomingMessage} Request
 * @typedef {import('node:http').ServerResponse} Response
 */

export class Site {
  /** @type {Set<PageSocket>} */
  #pages = new Set();
  /** @type {Set<Response>} requests of pages that shall hang */
  #hanging = new Set();
  #modules = readModules();

  /**
   * @param {import('./page_socket.js').Rooms} rooms
   * @param {{key: string, cert: string}} credentials
   */
  constructor(rooms, credentials) {
    this.rooms = rooms;
    this.server = https.createServer(credentials, (request, response) => this.#answer(request, response));
    this.server.maxConnections = 2 * LIMITS.sockets;
    this.sockets = new WebSocketServer({
      noServer: true,
      maxPayload: LIMITS.frameBytes,
      perMessageDeflate: false,
    });
    this.server.on('connection', (socket) => {
      if (rooms.faults.values.refuse_connections) socket.destroy();
    });
    this.server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    rooms.faults.on('drop', () => this.#eachPage((page) => page.drop()));
    rooms.faults.on('hang', () => this.#eachPage((page) => page.hang()));
    rooms.faults.on('resume', () => this.#resume());
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

  close() {
    this.#eachPage((page) => page.drop());
    this.#resume();
    this.server.close();
    this.server.closeAllConnections();
  }

  /** @param {(page: PageSocket) => void} act */
  #eachPage(act) {
    for (const page of [...this.#pages]) act(page);
  }

  #resume() {
    for (const response of this.#hanging) response.end();
    this.#hanging.clear();
  }

  /**
   * @param {Request} request
   * @param {Response} response
   */
  #answer(request, response) {
    if (this.rooms.faults.values.refuse_connections) return request.destroy();
    const { pathname } = new URL(request.url ?? '/', ORIGIN);
    response.setHeader('cache-control', 'no-store');
    if (pathname === '/') return send(response, 'text/html; charset=utf-8', this.#document());
    if (pathname === '/hang') return this.#hold(response);
    if (pathname.startsWith('/v/')) return this.#handOut(request, response);
    const module = this.#modules.get(pathname);
    if (module) return send(response, 'text/javascript; charset=utf-8', module);
    response.writeHead(404).end();
  }

  /** @param {Response} response */
  #hold(response) {
    this.#hanging.add(response);
    response.on('close', () => this.#hanging.delete(response));
  }

  /** A file of a message, by hash and key. @param {Request} request @param {Response} response */
  #handOut(request, response) {
    const { pathname, searchParams } = new URL(request.url ?? '/', ORIGIN);
    const { lose_media, media_delay_ms } = this.rooms.faults.values;
    const answer = () => {
      const bytes = this.rooms.media.get(pathname.slice('/v/'.length), searchParams.get('key') ?? '');
      if (bytes && !lose_media) return send(response, 'application/octet-stream', bytes);
      return response.writeHead(404).end();
    };
    setTimeout(answer, media_delay_ms).unref();
  }

  #document() {
    const name = this.rooms.faults.values.web_profile;
    const traits = JSON.stringify({ profile: name, ...profiles[name] });
    const preload = [...this.#modules.keys()]
      .map((href) => `<link rel="modulepreload" href="${href}">`)
      .join('');
    const html = fs.readFileSync(path.join(PAGE_DIR, 'index.html'), 'utf8');
    return html.replace('<!--preload-->', preload).replace('<!--traits-->', () => traits);
  }

  /**
   * @param {Request} request
   * @param {import('node:stream').Duplex} socket
   * @param {Buffer} head
   */
  #upgrade(request, socket, head) {
    const welcome = request.url === '/ws/chat' && request.headers.origin === ORIGIN;
    if (!welcome || this.rooms.faults.values.refuse_connections || this.#pages.size >= LIMITS.sockets) {
      socket.destroy();
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (websocket) => {
      const page = new PageSocket(websocket, this.rooms);
      this.#pages.add(page);
      websocket.on('close', () => this.#pages.delete(page));
    });
  }
}

/** @returns {Map<string, Buffer>} by path */
function readModules() {
  const names = fs.readdirSync(PAGE_DIR).filter((name) => name.endsWith('.js'));
  return new Map(names.map((name) => [`/app/${name}`, fs.readFileSync(path.join(PAGE_DIR, name))]));
}

/**
 * @param {Response} response
 * @param {string} type
 * @param {string | Buffer} body
 */
function send(response, type, body) {
  response.setHeader('content-type', type);
  response.end(body);
}
