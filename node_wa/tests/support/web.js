/** A tiny real web process: takes the gateway's events as web would, each once, in order. */
import { once } from 'node:events';
import http from 'node:http';

const BODY_LIMIT = 1024 * 1024 + 64 * 1024; // as in wabot/app.py

/** @param {http.Server} server @returns {Promise<number>} its port */
async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

/** @returns {Promise<number>} */
export async function freePort() {
  const server = http.createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

export class Web {
  /** @type {any[]} applied once each, in the order they came */
  events = [];
  /** @type {Set<string>} */
  #ids = new Set();
  repeats = 0;
  /** Answer with this status instead of storing. @type {number | null} */
  refuse = null;
  /** Bytes a body may have. */
  limit = BODY_LIMIT;
  batches = 0;
  largest = 0;

  /** @param {string} secret */
  static async start(secret) {
    const web = new Web();
    web.secret = secret;
    web.server = http.createServer((request, response) => web.#take(request, response));
    web.url = `http://127.0.0.1:${await listen(web.server)}`;
    return web;
  }

  secret = '';
  url = '';
  /** @type {http.Server} */
  server = http.createServer();

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async #take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const allowed =
      request.headers.authorization === `Bearer ${this.secret}` && request.url === '/internal/events';
    if (this.refuse || !allowed) return void response.writeHead(this.refuse ?? 401).end();
    const body = Buffer.concat(chunks);
    if (body.length > this.limit) return void response.writeHead(413).end();
    const { events } = JSON.parse(body.toString());
    this.batches += 1;
    this.largest = Math.max(this.largest, events.length);
    for (const event of events) this.#store(event);
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ stored: events.length }));
  }

  /** @param {any} event */
  #store(event) {
    if (this.#ids.has(event.id)) {
      this.repeats += 1;
      return;
    }
    this.#ids.add(event.id);
    this.events.push(event);
  }

  /** @param {string} type @param {(data: any) => boolean} [matches] */
  told(type, matches = () => true) {
    return this.events.filter((event) => event.type === type && matches(event.data));
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
