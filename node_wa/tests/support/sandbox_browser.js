/** The unmodified whatsapp-web.js in a real Chromium, pointed at a sandbox. */
import { once } from 'node:events';
import path from 'node:path';
import wweb from 'whatsapp-web.js';
import { until } from './sandbox.js';

const CHROMIUM = '/usr/lib/chromium/chromium-headless-shell';
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** After so long without `ready` on a page that has synced, the library is told what it missed. */
const NUDGE_AFTER_MS = 4_000;

/**
 * Gives message keys their `_serialized` back: all that the library misses on today's site. Runs in the page, at document
 * start; keys write their text to `$1`, and are watched doing so.
 */
function restoreSerialized() {
  /** @param {any} Key */
  const patch = (Key) =>
    Object.defineProperty(Key.prototype, '$1', {
      configurable: true,
      set(text) {
        const own = { value: text, enumerable: true, writable: true, configurable: true };
        Object.defineProperties(this, { $1: own, _serialized: own });
      },
    });
  Object.defineProperty(window, 'require', {
    configurable: true,
    set(value) {
      Object.defineProperty(window, 'require', { value, writable: true, configurable: true });
      patch(value('WAWebMsgKey'));
    },
  });
}

export class Browser {
  /** @type {[string, ...any[]][]} events so far, oldest first */
  events = [];
  /** @type {Promise<unknown>} */
  injected = Promise.resolve();

  /**
   * @param {import('./sandbox.js').Sandbox} sandbox
   * @param {string} profile a directory name, kept between browsers
   * @param {Record<string, unknown> & {compat?: boolean}} [options] of the client; without `compat` keys stay as they are
   */
  constructor(sandbox, profile, { compat = true, ...options } = {}) {
    const { page_port, spki } = sandbox.run;
    const rules = `MAP web.whatsapp.com 127.0.0.1:${page_port}, MAP * ~NOTFOUND , EXCLUDE 127.0.0.1`;
    this.sandbox = sandbox;
    /** @type {any} the library's types leave much out */
    this.client = new wweb.Client({
      authStrategy: new wweb.LocalAuth({ clientId: profile, dataPath: path.join(sandbox.data, 'browsers') }),
      webVersionCache: { type: 'none' },
      authTimeoutMs: 15_000,
      evalOnNewDoc: compat ? restoreSerialized : undefined,
      ...options,
      puppeteer: {
        executablePath: CHROMIUM,
        headless: 'shell',
        pipe: true,
        handleSIGINT: false,
        protocolTimeout: 20_000,
        args: [...ARGS, `--host-resolver-rules=${rules}`, `--ignore-certificate-errors-spki-list=${spki}`],
      },
    });
    this.#watchInjecting();
    for (const name of Object.values(wweb.Events)) {
      this.client.on(name, (/** @type {any[]} */ ...args) => this.events.push([name, ...args]));
    }
  }

  /** The library injects on every navigation and nobody waits for it; a browser must not be closed meanwhile. */
  #watchInjecting() {
    const inject = this.client.inject.bind(this.client);
    this.client.inject = () => {
      const injecting = inject();
      this.injected = Promise.allSettled([this.injected, injecting]);
      return injecting;
    };
  }

  /** @param {string} name */
  all(name) {
    return this.events.filter(([each]) => each === name).map(([, ...args]) => args);
  }

  /**
   * @param {string} name
   * @param {(...args: any[]) => boolean} [fits]
   * @returns {Promise<any>} the first argument of the first such event, past or to come
   */
  async event(name, fits = () => true) {
    const [first] = await until(`event ${name}`, () => this.all(name).find((args) => fits(...args)), 15_000);
    return first;
  }

  /** @returns {Promise<string>} the QR code shown now */
  async qr() {
    await this.event('qr');
    return this.all('qr').at(-1)?.[0];
  }

  /** Starts it without a login. @returns {Promise<string>} the first QR code */
  async launch() {
    this.initializing = this.client.initialize();
    await Promise.race([this.event('qr'), this.initializing.then(() => this.event('qr'))]);
    await this.initializing;
    return this.qr();
  }

  /** @param {string} number */
  async link(number) {
    await this.sandbox.ok('POST', `/phones/${number}/scan`, { qr: await this.launch() });
    await this.ready();
  }

  /** Starts it with the login of before. */
  async restore() {
    await this.client.initialize();
    await this.ready();
  }

  async ready() {
    const nudge = setTimeout(() => this.nudge(), NUDGE_AFTER_MS);
    await this.event('ready');
    clearTimeout(nudge);
  }

  /** Tells the library that the page has synced, which it doesn't see when that was before it listened. */
  nudge() {
    return this.page(() => /** @type {any} */ (window).onAppStateHasSyncedEvent());
  }

  /** A new load of the page; the library goes through all its steps again. */
  async reload() {
    this.events.length = 0;
    await this.client.pupPage.reload({ waitUntil: 'load' });
  }

  /**
   * @template T
   * @param {(...args: any[]) => T} run in the page
   * @param {any[]} args
   * @returns {Promise<Awaited<T>>}
   */
  page(run, ...args) {
    return this.client.pupPage.evaluate(run, ...args);
  }

  /** @param {string} to @param {string} text @param {Record<string, unknown>} [options] */
  send(to, text, options = {}) {
    return this.client.sendMessage(`${to}@c.us`, text, { sendSeen: false, ...options });
  }

  /**
   * @param {string} state
   * @param {number} [ms]
   */
  state(state, ms) {
    const probe = () =>
      this.client.getState().catch((/** @type {Error} */ error) => {
        // Between two pages there is none to ask.
        if (/context|navigat|reading 'Socket'|require/i.test(error.message)) return null;
        throw error;
      });
    return until(`state ${state}`, async () => (await probe()) === state, ms);
  }

  async kill() {
    const { pupBrowser } = this.client;
    const gone = once(pupBrowser.process(), 'exit');
    pupBrowser.process().kill('SIGKILL');
    await gone;
  }

  async close() {
    await this.injected;
    await this.client.destroy();
  }
}
