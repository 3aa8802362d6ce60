/** The unmodified Baileys, pointed at a sandbox, with its keys in memory. */
import * as baileys from 'baileys';
import pino from 'pino';
import { until } from './sandbox.js';

const LONG_MS = 30_000;
/** What Baileys says a message's status is. */
export const STATUS = Object.freeze({ DELIVERED: 3, READ: 4 });

// libsignal writes private keys to the console.
globalThis.console = Object.assign(Object.create(console), { log() {}, info() {}, warn() {}, error() {} });

/** Keys as the library keeps them, and nothing durable about it. */
function memoryAuth() {
  /** @type {Map<string, any>} */
  const kept = new Map();
  return {
    creds: baileys.initAuthCreds(),
    keys: {
      /** @param {string} type @param {string[]} ids */
      get: async (type, ids) => {
        const found = ids.map((id) => [id, kept.get(`${type} ${id}`)]);
        return Object.fromEntries(found.filter(([, value]) => value !== undefined));
      },
      /** @param {Record<string, Record<string, any>>} data */
      set: async (data) => {
        for (const [type, values] of Object.entries(data)) {
          for (const [id, value] of Object.entries(values)) {
            if (value === null) kept.delete(`${type} ${id}`);
            else kept.set(`${type} ${id}`, value);
          }
        }
      },
    },
  };
}

export class BaileysDevice {
  auth = memoryAuth();
  /** @type {any} the library's socket; a new one with every connection */
  sock;
  /** @type {any[]} all since the last connection, as are those below */
  updates = [];
  /** @type {{key: any, message: any, type: string}[]} */
  messages = [];
  /** @type {any[]} */
  ticks = [];
  /** @type {any[]} attributes of the server's acks */
  acks = [];

  /**
   * @param {import('./sandbox.js').Sandbox} sandbox
   * @param {Record<string, unknown>} [options] of the socket
   */
  constructor(sandbox, options = {}) {
    this.sandbox = sandbox;
    this.options = options;
  }

  connect() {
    const { url, root_key } = this.sandbox.run.protocol;
    baileys.WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(root_key, 'hex');
    [this.updates, this.messages, this.ticks, this.acks] = [[], [], [], []];
    this.sock = baileys.makeWASocket({
      auth: /** @type {any} */ (this.auth),
      waWebSocketUrl: url,
      logger: /** @type {any} */ (pino({ level: 'silent' })),
      shouldSyncHistoryMessage: ({ syncType }) => syncType === 4,
      retryRequestDelayMs: 20,
      ...this.options,
    });
    this.#listen();
  }

  #listen() {
    const { ev, ws } = this.sock;
    const { updates, messages, ticks, acks } = this;
    ev.on('creds.update', (/** @type {any} */ update) => Object.assign(this.auth.creds, update));
    ev.on('connection.update', (/** @type {any} */ update) => updates.push(update));
    // What waited may come in one batch, or in several: that depends on when the server said that it was all.
    ev.on('messages.upsert', (/** @type {any} */ { messages: batch, type }) =>
      messages.push(...batch.map((/** @type {any} */ message) => ({ ...message, type }))),
    );
    ev.on('messages.update', (/** @type {any[]} */ all) => ticks.push(...all));
    ws.on('CB:ack,class:message', (/** @type {any} */ { attrs }) => acks.push(attrs));
  }

  /** @returns {Promise<string>} the QR code shown first */
  async qr() {
    return (await until('a QR code', () => this.updates.find(({ qr }) => qr), LONG_MS)).qr;
  }

  /** @returns {Promise<number>} why the connection ended */
  async ended() {
    const update = await until(
      'the end of the connection',
      () => this.updates.find(({ connection }) => connection === 'close'),
      LONG_MS,
    );
    return update.lastDisconnect.error.output.statusCode;
  }

  async ready() {
    await until(
      'the login',
      () => this.updates.find((update) => update.receivedPendingNotifications),
      LONG_MS,
    );
  }

  /** @param {string} number */
  async link(number) {
    this.connect();
    await this.sandbox.ok('POST', `/phones/${number}/scan`, { qr: await this.qr() });
    await this.ended();
    await this.login();
  }

  async login() {
    this.connect();
    await this.ready();
  }

  async close() {
    await this.sock?.end();
  }

  /**
   * @param {string} number
   * @param {string} text
   * @param {string} [messageId]
   * @returns {Promise<string>} the message's id, once the server has it
   */
  async send(number, text, messageId) {
    const { key } = await this.sock.sendMessage(`${number}@s.whatsapp.net`, { text }, { messageId });
    await until('the ack', () => this.acks.find(({ id }) => id === key.id));
    return key.id;
  }

  /** @param {string} text @returns {Promise<any>} the message that says it, whoever wrote it */
  async message(text) {
    return await until(`the message ${text}`, () => this.saying(text)[0], LONG_MS);
  }

  /** @param {string} text */
  saying(text) {
    return this.messages.filter(({ message }) => bodyOf(message) === text);
  }

  /** @param {any} part of a message @param {'image' | 'document'} family @returns {Promise<Buffer>} */
  async file({ directPath, mediaKey }, family) {
    const url = this.sandbox.run.protocol.media_url + directPath;
    const chunks = [];
    for await (const chunk of await baileys.downloadContentFromMessage({ url, mediaKey }, family))
      chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** @param {string} id @param {number} status */
  async tick(id, status) {
    await until(`status ${status}`, () =>
      this.ticks.some(({ key, update }) => key.id === id && update.status === status),
    );
  }
}

/** @param {any} message */
const bodyOf = (message) => message?.conversation || message?.extendedTextMessage?.text;
