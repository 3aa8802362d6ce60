/** The unmodified whatsapp-web.js in a real Chromium, pointed at a sandbox. */
import path from 'node:path';
import wweb from 'whatsapp-web.js';

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

/**
 * Gives message keys their `_serialized` back: all that the library misses on today's site. Runs in the page, at document
 * start; keys write their text to `$1`, and are watched doing so.
 */
export function restoreSerialized() {
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

/**
 * @param {import('./sandbox.js').Sandbox} sandbox
 * @param {string} profile a directory name, kept between browsers
 * @param {Record<string, unknown>} [options] of the client
 */
export function newClient(sandbox, profile, options = {}) {
  const { page_port, spki } = sandbox.run;
  const rules = `MAP web.whatsapp.com 127.0.0.1:${page_port}, MAP * ~NOTFOUND , EXCLUDE 127.0.0.1`;
  const client = new wweb.Client({
    authStrategy: new wweb.LocalAuth({ clientId: profile, dataPath: path.join(sandbox.data, 'browsers') }),
    webVersionCache: { type: 'none' },
    authTimeoutMs: 15_000,
    ...options,
    puppeteer: {
      executablePath: CHROMIUM,
      headless: 'shell',
      pipe: true,
      handleSIGINT: false,
      args: [...ARGS, `--host-resolver-rules=${rules}`, `--ignore-certificate-errors-spki-list=${spki}`],
    },
  });
  return client;
}
