import { libraryLog } from './library.js';

/** One connection to WhatsApp, from its opening to its end. What it says after its end is not heard. */

const CLOSE_MS = 1_000;
/** Wakes a login: until then WhatsApp keeps back what is for it. */
const WAKE = {
  tag: 'iq',
  attrs: { to: 's.whatsapp.net', xmlns: 'passive', type: 'set' },
  content: [{ tag: 'active', attrs: {} }],
};

/**
 * @typedef {object} Handlers
 * @property {(qr: string) => void} qr
 * @property {() => void} paired the phone has accepted; WhatsApp closes the connection then, and the login is tried
 * @property {() => void} opened logged in
 * @property {() => void} flushed what had waited has been handed to us
 * @property {(code: number, text: string) => void} closed
 */

export class Connection {
  #over = false;
  #heardAt = Date.now();
  #acceptedAt = 0;

  /**
   * @param {object} parts
   * @param {any} parts.library
   * @param {import('./door.js').Door} parts.door
   * @param {import('./state.js').State} parts.state
   * @param {import('./receiving.js').Receiving} parts.receiving
   * @param {(id: string) => Promise<any>} parts.sent a message of ours that is asked for again
   * @param {import('../../config.js').EngineSettings} parts.settings
   * @param {Handlers} parts.handlers
   * @param {import('pino').Logger} parts.log
   */
  constructor({ library, door, state, receiving, sent, settings, handlers, log }) {
    this.state = state;
    this.handlers = handlers;
    this.keepAlive = settings.baileys.keepAlive;
    this.queryTimeout = settings.loadTimeout;
    if (door.root) library.WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(door.root, 'hex');
    this.sock = library.makeWASocket({
      ...(settings.baileys.version ? { version: settings.baileys.version } : {}),
      waWebSocketUrl: door.url,
      auth: { creds: state.creds, keys: state.keys },
      logger: libraryLog(log),
      browser: library.Browsers.ubuntu('Chrome'),
      connectTimeoutMs: settings.loadTimeout,
      defaultQueryTimeoutMs: this.queryTimeout,
      keepAliveIntervalMs: this.keepAlive,
      markOnlineOnConnect: false,
      syncFullHistory: false,
      shouldSyncHistoryMessage: (/** @type {any} */ { syncType }) => wantsHistory(library, syncType),
      shouldIgnoreJid: (/** @type {string} */ jid) => /@(g\.us|broadcast|newsletter)$/.test(jid),
      enableRecentMessageCache: false,
      transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 100 }, // the gateway tries again by itself
      getMessage: (/** @type {any} */ { id }) => sent(id),
      makeSignalRepository: receiving.repository,
    });
    this.#listen();
  }

  #listen() {
    const { ev, ws } = this.sock;
    ws.on('frame', () => {
      this.#heardAt = Date.now();
    });
    ws.on('CB:success', () => {
      this.#acceptedAt = Date.now();
    });
    ev.on('creds.update', () => this.state.keep().catch(() => undefined)); // its failure ends the run
    ev.on('connection.update', (/** @type {any} */ update) => this.#over || this.#updated(update));
  }

  /** @param {any} update */
  #updated({ qr, isNewLogin, connection, receivedPendingNotifications, lastDisconnect }) {
    if (qr) this.handlers.qr(qr);
    if (isNewLogin) this.handlers.paired();
    if (connection === 'open') this.#opened();
    if (receivedPendingNotifications) this.handlers.flushed();
    if (connection !== 'close') return;
    this.#over = true;
    const error = lastDisconnect?.error;
    this.handlers.closed(error?.output?.statusCode ?? 0, String(error?.message ?? '').slice(0, 120));
  }

  /** The library calls it open even when WhatsApp left its questions unanswered, the one that wakes the login among them. */
  async #opened() {
    const isLate = Date.now() - this.#acceptedAt >= this.queryTimeout;
    if (isLate && !(await this.#wakes())) return this.cut();
    if (!this.#over) this.handlers.opened();
  }

  #wakes() {
    const { attrs, ...iq } = WAKE;
    return this.sock.query({ ...iq, attrs: { ...attrs } }).then(
      () => true,
      () => false,
    );
  }

  /** Open, and heard of lately: WhatsApp answers each sign of life. */
  get isAlive() {
    return !this.#over && this.sock.ws.isOpen && Date.now() - this.#heardAt < this.keepAlive + 6_000;
  }

  /** Ends the link itself; settles when WhatsApp has said so, or has closed. @param {string} jid */
  async leave(jid) {
    const { ev } = this.sock;
    const closed = new Promise((resolve) =>
      ev.on(
        'connection.update',
        (/** @type {any} */ { connection }) => connection === 'close' && resolve(null),
      ),
    );
    const content = [{ tag: 'remove-companion-device', attrs: { jid, reason: 'user_initiated' } }];
    const asked = this.sock.query({
      tag: 'iq',
      attrs: { to: 's.whatsapp.net', type: 'set', xmlns: 'md' },
      content,
    });
    asked.catch(() => undefined); // closing is an answer too
    await Promise.race([asked, closed]);
  }

  /** Nothing of it is heard any more; settles when it is closed. */
  async end() {
    this.#over = true;
    const { socket } = this.sock.ws;
    const timer = setTimeout(() => socket?.terminate(), CLOSE_MS);
    await this.sock.end(undefined);
    clearTimeout(timer);
  }

  /** At once, without a word to WhatsApp. */
  cut() {
    this.sock.ws.socket?.terminate();
  }
}

/** Names and addresses, not the chats of years. @param {any} library @param {number} type */
function wantsHistory({ proto }, type) {
  const { INITIAL_BOOTSTRAP, PUSH_NAME, NON_BLOCKING_DATA } = proto.HistorySync.HistorySyncType;
  return [INITIAL_BOOTSTRAP, PUSH_NAME, NON_BLOCKING_DATA].includes(type);
}
