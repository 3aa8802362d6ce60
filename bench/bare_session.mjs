/**
 * One session of whatsapp-web.js by itself, as its documentation shows it: a Client, LocalAuth, a node process of its own.
 * Links with a virtual phone of the sandbox, or comes back with the login of an earlier life, and stays until it is killed.
 *
 *   node bare_session.mjs <directory> <phone's digits> <ours|default> [browser flag …]
 *
 * `ours` launches the browser as the gateway does, `default` as the library does by itself. Prints a JSON object a line:
 * {"event": "qr" | "ready", "ms": since initialize() was called}.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { launchOptions } from '../node_wa/engines/webjs/browser.js';
import { bareClient, nudging } from './bare_client.mjs';

const { WABOT_DATA, SANDBOX_PORT, CHROMIUM_PATH } = process.env;
const [directory, phone, browser, ...flags] = process.argv.slice(2);
/** /usr/bin/chromium is a script of Debian's that adds arguments; the binary is what the library starts elsewhere. */
const FULL_BROWSER = ['/usr/lib/chromium/chromium', '/usr/bin/chromium'].find((file) => existsSync(file));

const ours = await launchOptions('sandbox', /** @type {any} */ ({
  sandboxFile: path.join(WABOT_DATA ?? '', 'run', 'sandbox.json'),
  chromium: CHROMIUM_PATH ?? '/usr/lib/chromium/chromium-headless-shell',
  launchTimeout: 30_000,
}));
/** What leads to the sandbox, and `--no-sandbox` without which Chromium refuses to run as root. */
const NEEDED = /^--(host-resolver-rules|ignore-certificate-errors-spki-list|no-sandbox)(=|$)/;
/** @type {Record<string, any>} */
const LAUNCHES = {
  ours,
  default: { headless: true, executablePath: FULL_BROWSER, args: ours.args.filter((flag) => NEEDED.test(flag)) },
};
const launch = LAUNCHES[browser];
launch.args = [...launch.args, ...flags];

const client = bareClient(directory, launch);
const begun = performance.now();
const tell = (event) => console.log(JSON.stringify({ event, ms: performance.now() - begun }));

client.once('qr', (qr) => {
  tell('qr');
  fetch(`http://127.0.0.1:${SANDBOX_PORT}/phones/${phone}/scan`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ qr }),
  });
});
client.once('ready', () => tell('ready'));
await client.initialize();

nudging(client);
