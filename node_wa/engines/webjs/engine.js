import { GatewayError } from '../../errors.js';
import { tellOfLogout } from '../../leaving.js';
import { deferred, within } from '../../lib/deadline.js';
import { Answering } from './answering.js';
import { Arrival, isUseless } from './arrival.js';
import { claimProfile, endBrowser, launchOptions } from './browser.js';
import { Incoming } from './incoming.js';
import { Page } from './page.js';
import { ackName, endOf, failureOf, lossOf } from './reasons.js';
import { mendLogs } from './torn_logs.js';

/**
 * One life of one browser. What is known to go wrong in the library or on the site stands, with its thread, at the place
 * that deals with it. Handlers bear being called again: a frame that navigates makes the library tell everything twice.
 */

const LAUNCH_SLACK_MS = 5_000;
const QR_LIFE_MS = [60_000, 20_000]; // how long WhatsApp Web shows the first QR text, and each further one
const QR_SLACK_MS = 2_000;
const LEAVING_MS = 1_000;
const RECOVER_SLACK_MS = 60_000; // of a page that loaded itself anew
const NOT_STARTED = /** @type {Page} */ (/** @type {unknown} */ (null));

/** @typedef {import('../contract.js').Engine} Engine */

/** @implements {Engine} */
export class WebjsEngine extends Answering {
  /** @type {any} */
  #client = null;
  /** @type {Promise<void>} */
  #launch = Promise.resolve();
  /** @type {NodeJS.Timeout | undefined} */
  #silence;
  /** @type {Arrival | null} */
  #arrival = null;
  #page = NOT_STARTED;
  #profile = '';
  /** @type {string | null} */
  #version = null;
  #over = false;
  #launched = false;
  #ready = false;
  #texts = new Set();
  #qrUntil = Infinity;
  #left = deferred();
  /** @type {Incoming | null} */
  #incoming = null;
  #recoverSince = 0;
  #caughtUp = false;

  /** @param {import('../contract.js').EngineOptions} options */
  constructor(options) {
    super(options.settings, () =>
      this.#ready && !this.#over ? { client: this.#client, page: this.#page } : null,
    );
    this.options = options;
    this.settings = options.settings;
    this.log = options.log;
    this.#recoverSince = options.recoverSince;
  }

  start() {
    this.#launch = this.#open();
    return this.#launch;
  }

  /** Settles with the launch; the page's own way, which may take for ever, goes on by itself. */
  async #open() {
    const { newClient, profileIn } = await import('./client.js');
    const { directory, network, method, phone } = this.options;
    this.#profile = profileIn(directory);
    await claimProfile(this.#profile);
    for (const torn of await mendLogs(this.#profile)) this.log.warn(torn, 'a torn log was mended');
    const launch = await launchOptions(network, this.settings);
    const launched = deferred();
    const onBrowser = async () => launched.resolve(await this.#onBrowser());
    const pairingPhone = method === 'code' && phone ? phone.replace(/\D/g, '') : null;
    this.#client = newClient({
      directory,
      pairingPhone,
      launch,
      authTimeout: this.settings.authTimeout,
      onBrowser,
    });
    this.#incoming = new Incoming(this.#client, directory, this.log);
    this.#listenToLibrary();
    const loaded = this.#client.initialize();
    loaded
      .then(() => this.#onInjected(pairingPhone !== null))
      .catch((/** @type {unknown} */ error) => this.#onFailed(error));
    const failed = loaded.catch((/** @type {unknown} */ error) => {
      throw new GatewayError('launch_failed', failureOf(error)[1]);
    });
    const late = () => new GatewayError('launch_failed', 'the browser does not start');
    await within(
      Promise.race([launched.promise, failed]),
      this.settings.launchTimeout + LAUNCH_SLACK_MS,
      late,
    );
  }

  #listenToLibrary() {
    this.#client.on('qr', (/** @type {string} */ qr) => this.#onQr(qr));
    this.#client.on('code', (/** @type {string} */ code) => this.#onCode(code));
    this.#client.on('loading_screen', () => this.#onProgress());
    this.#client.on('auth_failure', () => this.#end('auth_timeout', 'the stored login was refused'));
    this.#client.on('disconnected', (/** @type {string} */ state) => this.#endBy(state));
  }

  /** The browser is up, nothing is loaded yet. */
  async #onBrowser() {
    this.#launched = true;
    const { pupPage: page, pupBrowser: browser } = this.#client;
    this.#page = new Page(page);
    browser.on('disconnected', () => this.#end('browser_ended', 'the browser has ended'));
    page.on('error', () => this.#end('page_crashed', 'the page has crashed'));
    page.on('framenavigated', (/** @type {any} */ frame) => this.#onNavigated(frame));
    page.on('response', (/** @type {any} */ response) => this.#onResponse(response));
    page.on('request', (/** @type {any} */ request) => this.#arrival?.loads(request));
    page.on('requestfailed', (/** @type {any} */ request) => this.#arrival?.loaded(request, false));
    page.on('requestfinished', (/** @type {any} */ request) => this.#arrival?.loaded(request, true));
    const onDocument = () => this.#ready && this.#arrive();
    await this.#page.hear((type, data) => this.#heard(type, data), onDocument);
    const silent = () => this.#end('whatsapp_unreachable', 'WhatsApp does not answer');
    this.#silence = setTimeout(silent, this.settings.loadTimeout);
    this.#emit('browser', { pid: browser.process()?.pid ?? 0 });
  }

  /** The first answer to the page's own address says whether WhatsApp is there at all. @param {any} response */
  #onResponse(response) {
    const request = response.request();
    if (request.frame() !== this.#page.page.mainFrame() || !request.isNavigationRequest()) return;
    clearTimeout(this.#silence);
    if (response.status() >= 400) this.#end('whatsapp_unreachable', `WhatsApp answers ${response.status()}`);
    else this.#arrive();
  }

  /** @param {any} frame */
  #onNavigated(frame) {
    if (frame !== this.#page.page.mainFrame() || !frame.url().includes('post_logout=1')) return;
    this.#left.resolve(undefined);
    this.#endBy('LOGOUT');
  }

  /** @param {boolean} pairing */
  async #onInjected(pairing) {
    if (this.#over) return;
    await this.#page.call('watch', pairing);
    if (this.#texts.size === 0 && !pairing) this.#onLogin();
  }

  /** @param {unknown} error */
  #onFailed(error) {
    if (!this.#launched || this.#over) return; // start() tells it
    const [reason, detail] = failureOf(error);
    // A page that unlinks itself navigates away under the library, and only then shows why.
    const patience = reason === 'connection_lost' ? LEAVING_MS : 0;
    setTimeout(() => this.#end(reason, detail), patience);
  }

  /** From a loaded document to `ready`; again for every document. */
  async #arrive() {
    if (this.#arrival || this.#over) return;
    this.#arrival = new Arrival(this.#page, this.settings, this.log);
    try {
      const result = await this.#arrival.run({
        over: () => this.#over,
        asked: () => this.#texts.size > 0 && !this.#ready,
        onLogin: () => this.#onLogin(), // its event may have come before anybody watched
      });
      if (result && 'failed' in result) this.#end(...result.failed);
      else if (result) await this.#arrived(result.missing);
    } catch (error) {
      this.#end(...(await lossOf(error, () => this.#page.look())));
    } finally {
      this.#arrival = null;
    }
  }

  /** @param {string[]} missing */
  async #arrived(missing) {
    if (isUseless(missing))
      return this.#end('whatsapp_changed', `not possible with this version: ${missing.join(', ')}`, missing);
    const me = await this.#page.call('me');
    await this.#page.hush();
    this.#ready = true;
    this.#version = me.web_version;
    this.#emit('ready', { ...me, missing });
    await this.#catchUp();
  }

  /** Ends the run when it fails: the next one looks back as far again. */
  async #catchUp() {
    const { told, cut } = await this.#page.recover(this.#recoverSince);
    await this.#incoming?.settled();
    this.log[cut ? 'warn' : 'info']({ told, cut }, 'caught up');
    this.#caughtUp = true;
    this.#emit('caught_up', {});
  }

  /** An idle page has been seen to give "undefined,…" as its text. @param {string} qr */
  #onQr(qr) {
    if (!/^[^,]+(,[^,]+){3,}$/.test(qr) || /^(undefined|null),/.test(qr)) return;
    if (this.#texts.has(qr)) return;
    this.#texts.add(qr);
    // One that comes before its time is the first of a new connection.
    const isFirst = Date.now() < this.#qrUntil - QR_SLACK_MS;
    this.#qrUntil = Date.now() + QR_LIFE_MS[isFirst ? 0 : 1];
    this.#emit('qr', { qr, expires_at: new Date(this.#qrUntil).toISOString() });
  }

  /** @param {string} code */
  #onCode(code) {
    if (typeof code !== 'string' || !code) return;
    this.#texts.add(code);
    this.#emit('pairing_code', { code });
  }

  #onLogin() {
    if (!this.#ready) this.#emit('authenticating', {});
  }

  #onProgress() {
    if (this.#arrival) this.#arrival.progressAt = Date.now();
    this.#emit('progress', {});
  }

  /** What the page tells. @param {string} type @param {any} data */
  async #heard(type, data) {
    if (this.#over) return;
    if (type === 'state') this.#onState(data.state);
    else if (type === 'ack')
      this.#emit('ack', { wa_message_id: data.id, ack: ackName(data.ack), at: new Date().toISOString() });
    else if (type === 'message') this.#emit('message', await this.#incoming?.describe(data));
  }

  /** @param {string} state of WhatsApp Web */
  #onState(state) {
    if (!this.#ready) {
      if (state === 'PAIRING' || state === 'CONNECTED') this.#onLogin();
      return;
    }
    if (endOf(state)) this.#endBy(state);
    else if (state !== 'CONNECTED') this.#emit('state', { state: 'connecting' });
    else if (!this.#arrival) this.#emit('state', { state: 'connected' });
  }

  /** @param {string} state */
  #endBy(state) {
    const [reason, detail] = endOf(state) ?? ['connection_lost', state];
    this.#end(reason, detail);
  }

  /** @param {string} reason @param {string} detail @param {string[]} [missing] abilities */
  #end(reason, detail, missing = []) {
    const web_version = this.#arrival?.version ?? this.#version;
    this.#emit('ended', { reason, detail, missing, web_version });
    this.#over = true;
    clearTimeout(this.#silence);
  }

  /** @param {keyof import('../contract.js').EngineEvents} type @param {any} data */
  #emit(type, data) {
    if (!this.#over) this.options.emit(type, data);
  }

  /** A browser ended while it starts was seen to live on: the launch settles first. */
  async stop() {
    this.#over = true;
    clearTimeout(this.#silence);
    await this.#launch.catch(() => undefined); // whoever started knows
    await endBrowser(this.#client?.pupBrowser ?? null, this.#profile);
  }

  /** The library's own logout() tells nobody whether it worked, and deletes the profile under a live browser. */
  async logout() {
    this.#over = true;
    const told = this.#ready && (await tellOfLogout(() => this.#leave(), this.log));
    await this.stop();
    return { told };
  }

  /** Settles when WhatsApp says that it is done, which it may do before the page's own call comes back. */
  async #leave() {
    const left = this.#page.logout().then(() => this.#left.promise);
    await Promise.race([left, this.#left.promise]);
  }

  /** @returns {Promise<{state: import('../contract.js').EngineState}>} */
  async state() {
    const { state, loaded, listening } = await this.#page.look();
    const works = state === 'CONNECTED' && loaded && listening;
    if (works && this.#caughtUp && !this.#arrival) this.#recoverSince = Date.now() - RECOVER_SLACK_MS;
    if (this.#ready && !works) this.#arrive(); // the page has reloaded itself
    return { state: works ? 'connected' : 'connecting' };
  }
}
