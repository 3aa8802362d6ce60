import { tellOfLogout } from '../../leaving.js';
import { deferred, until } from '../../lib/deadline.js';
import { brief } from '../../log.js';
import { Answering } from './answering.js';
import { Connection } from './connection.js';
import { doorOf } from './door.js';
import { meaningOf } from './ends.js';
import { Keepsakes } from './keepsakes.js';
import { load } from './library.js';
import { Media } from './media.js';
import { Parties } from './parties.js';
import { Receiving } from './receiving.js';
import { Returning } from './returning.js';
import { Sending } from './sending.js';
import { State } from './state.js';

/**
 * One life of a login: connections follow each other in it, each after the one before has ended. What the end of one means
 * stands in `ends.js`; a first connection that fails ends the life too, the gateway knows how long to wait then.
 */

const QR_LIFE_MS = [60_000, 20_000]; // how long the library shows the first QR text, and each further one
const CODES_MS = 155_000; // about as long as WhatsApp gives codes: 60 s and five times 20
const NAME_MS = 3_000; // the account's own name comes soon after the first login
const SLOW_WRITE_MS = 1_500;
/** What it means that the stored login can't be read or written. @type {Record<string, string>} */
const OF_THE_STATE = { login_damaged: 'login_damaged', stale_epoch: 'opened_elsewhere' };
const NO_CONNECTION = /** @type {Connection} */ (/** @type {unknown} */ (null));
const NO_STATE = /** @type {State} */ (/** @type {unknown} */ (null));

/** @typedef {import('../contract.js').Engine} Engine */

/** @implements {Engine} */
export class BaileysEngine extends Answering {
  /** @type {any} */
  #library = null;
  #state = NO_STATE;
  #connection = NO_CONNECTION;
  /** @type {import('./door.js').Door} */
  #door = { url: '', root: null, media: null };
  /** @type {Sending | null} */
  #sending = null;
  /** @type {Media | null} */
  #media = null;
  /** @type {Receiving | null} */
  #receiving = null;
  /** @type {Keepsakes | null} */
  #keepsakes = null;
  /** @type {NodeJS.Timeout | undefined} */
  #retry;
  #over = false;
  #ready = false;
  #isNew = false;
  #returning;
  #texts = 0;
  /** When the first code was shown, epoch ms. */
  #askedAt = 0;
  #ended = deferred();
  #settled = deferred();

  /** @param {import('../contract.js').EngineOptions} options */
  constructor(options) {
    super(() => this.#connected);
    this.options = options;
    this.settings = options.settings;
    this.log = options.log;
    this.#returning = new Returning(options.settings.baileys.backoff);
  }

  /** Settles when the first connection stands or has failed. */
  async start() {
    const { network, linked, ask } = this.options;
    this.#door = await doorOf(network, this.settings);
    const [library, opened] = await Promise.all([load(this.log), ask('state.open', {})]);
    this.#library = library;
    this.#state = new State(library, ask, (error) => this.#stateFailed(error));
    this.#state.open(opened.creds, linked);
    if (this.#over) return;
    this.#prepare();
    this.#isNew = !this.#state.isLinked;
    if (this.#state.isLinked) this.#emit('authenticating', {});
    this.#connect();
    await Promise.race([this.#settled.promise, this.#ended.promise]);
  }

  #prepare() {
    const keepsakes = new Keepsakes(this.#library);
    const parts = { library: this.#library, keepsakes };
    const hearer = {
      tell: (/** @type {string} */ type, /** @type {any} */ data) => this.options.ask('tell', { type, data }),
      lost: (/** @type {unknown} */ error) => this.#untold(error),
      named: (/** @type {string} */ name) => this.#named(name),
    };
    this.#receiving = new Receiving({ ...parts, keys: this.#state.keys, hearer, log: this.log });
    const working = () => ({ sock: this.#connection.sock, isUsable: () => this.#works });
    const acked = (/** @type {any} */ ack) => this.#emit('ack', ack);
    this.#sending = new Sending({ ...parts, settings: this.settings, working, acked });
    this.#media = new Media({ ...parts, origin: this.#door.media });
    this.#keepsakes = keepsakes;
  }

  #connect() {
    if (this.#over) return;
    const { settings, log } = this;
    const connection = new Connection({
      library: this.#library,
      door: this.#door,
      state: this.#state,
      receiving: /** @type {Receiving} */ (this.#receiving),
      sent: async (id) => this.#keepsakes?.find(connection.sock.authState.keys, 'sent', id),
      settings,
      log,
      handlers: {
        qr: (qr) => this.#onQr(qr),
        paired: () => this.#emit('authenticating', {}),
        opened: () => this.#onOpened(),
        flushed: () => this.#onFlushed(connection),
        closed: (code, text) => this.#onClosed(code, text),
      },
    });
    this.#connection = connection;
    this.#receiving?.attach(connection.sock, new Parties(this.#library, connection.sock));
    this.#sending?.attach(connection.sock);
  }

  /** @param {string} qr */
  async #onQr(qr) {
    this.#settled.resolve(undefined);
    this.#askedAt ||= Date.now();
    const { method, phone } = this.options;
    if (method === 'code' && phone) return this.#askForCode(phone);
    const life = QR_LIFE_MS[this.#texts === 0 ? 0 : 1];
    this.#texts += 1;
    this.#emit('qr', { qr, expires_at: new Date(Date.now() + life).toISOString() });
  }

  /** @param {string} phone */
  async #askForCode(phone) {
    if (this.#texts > 0) return;
    this.#texts = 1;
    try {
      const code = await this.#connection.sock.requestPairingCode(phone.replace(/\D/g, ''));
      this.#emit('pairing_code', { code });
    } catch (error) {
      this.#end('whatsapp_unreachable', brief(error).message);
    }
  }

  async #onOpened() {
    this.#settled.resolve(undefined);
    this.#returning.opened();
    if (this.#ready) return this.#emit('state', { state: 'connected' });
    await this.#state.settled().catch(() => undefined); // its failure has ended this life
    if (this.#isNew) await until(() => this.#over || this.#ownName !== null, NAME_MS);
    if (!this.#returning.isOpen || this.#over) return undefined;
    this.#ready = true;
    return this.#tellReady();
  }

  #tellReady() {
    const { me } = this.#state.creds;
    const version = this.settings.baileys.version ?? this.#library.DEFAULT_CONNECTION_CONFIG.version;
    const phone = `+${this.#library.jidDecode(me.id).user}`;
    this.#emit('ready', { phone, push_name: this.#ownName, web_version: version.join('.'), missing: [] });
  }

  get #ownName() {
    const name = this.#state.creds?.me?.name;
    return name && name !== '~' ? String(name).slice(0, 200) : null;
  }

  /** @param {string} name */
  #named(name) {
    if (!this.#state.creds?.me || this.#ownName === name) return;
    this.#state.creds.me = { ...this.#state.creds.me, name };
    this.#state.keep().catch(() => undefined); // its failure ends the run
    if (this.#ready) this.#tellReady();
  }

  /** @param {Connection} connection */
  async #onFlushed(connection) {
    await this.#receiving?.caughtUp();
    if (connection === this.#connection && this.#returning.isOpen) this.#emit('caught_up', {});
  }

  /** @param {number} code @param {string} text */
  #onClosed(code, text) {
    this.#settled.resolve(undefined);
    this.#returning.closed();
    this.#sending?.detached();
    if (this.#over) return;
    const meaning = meaningOf(code);
    this.log.info(
      { code, said: text.replaceAll(/[0-9]{5,}/g, '…'), ready: this.#ready },
      'connection closed',
    );
    if ('reason' in meaning) return this.#end(meaning.reason, meaning.detail);
    if (this.#ready) this.#emit('state', { state: 'connecting' });
    const isFirstLogin = this.#isNew && this.#state.isLinked && !this.#ready;
    const wait = this.#returning.waitAfter(meaning, { isReady: this.#ready, isFirstLogin });
    if (wait !== null) this.#again(wait);
    else if (this.#askedAt > 0 && !this.#state.isLinked) this.#endUnlinked();
    else this.#end('whatsapp_unreachable', `WhatsApp does not answer (${code})`);
  }

  /** With its connection a code is of no use any more: the next life shows another. */
  #endUnlinked() {
    if (Date.now() - this.#askedAt >= CODES_MS) this.#end('qr_not_scanned', 'nobody linked in time');
    else this.#end('connection_lost', 'the connection broke while a code was shown');
  }

  /** The login is durable before it is tried. @param {number} ms */
  #again(ms) {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(async () => {
      await this.#state.settled().catch(() => undefined); // its failure has ended this life
      this.#connect();
    }, ms);
  }

  /** It could not be journalled: WhatsApp must not hear that we have it. @param {unknown} error */
  #untold(error) {
    this.log.warn({ err: brief(error) }, 'what came in could not be kept');
    this.#connection.cut();
  }

  /** @param {unknown} error */
  #stateFailed(error) {
    const { code, detail } = /** @type {any} */ (error);
    const reason = OF_THE_STATE[code] ?? 'database_away';
    this.#connection?.cut();
    this.#end(reason, detail || brief(error).message);
  }

  /** @param {string} reason @param {string} detail */
  #end(reason, detail) {
    this.#emit('ended', { reason, detail, missing: [], web_version: null });
    this.#over = true;
    clearTimeout(this.#retry);
    this.#ended.resolve(undefined);
  }

  /** @param {keyof import('../contract.js').EngineEvents} type @param {any} data */
  #emit(type, data) {
    if (!this.#over) this.options.emit(type, data);
  }

  async stop() {
    this.#over = true;
    clearTimeout(this.#retry);
    this.#ended.resolve(undefined);
    await this.#connection?.end();
    await this.#state?.settled().catch(() => undefined); // whoever waited for the write knows
  }

  async logout() {
    this.#over = true;
    const told = this.#returning.isOpen && (await tellOfLogout(() => this.#leave(), this.log));
    await this.stop();
    return { told };
  }

  async #leave() {
    await this.#connection.leave(this.#state.creds.me.id);
  }

  get #works() {
    return (
      this.#returning.isOpen && !this.#over && this.#connection.isAlive && this.#state.waiting < SLOW_WRITE_MS
    );
  }

  /** @returns {import('./answering.js').Connected | null} */
  get #connected() {
    if (!this.#ready || !this.#works || !this.#sending || !this.#media || !this.#receiving) return null;
    return {
      library: this.#library,
      sock: this.#connection.sock,
      sending: this.#sending,
      media: this.#media,
      receiving: this.#receiving,
    };
  }

  /** @returns {Promise<{state: import('../contract.js').EngineState}>} */
  async state() {
    return { state: this.#works ? 'connected' : 'connecting' };
  }
}
