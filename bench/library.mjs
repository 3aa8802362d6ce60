/**
 * whatsapp-web.js by itself, as its documentation shows it but for the browser's own options, linked to the sandbox: sends N messages
 * one after the other, prints {"per_second"}.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { endBrowser, launchOptions } from '../node_wa/engines/webjs/browser.js';
import { profileIn } from '../node_wa/engines/webjs/client.js';
import { bareClient, nudging } from './bare_client.mjs';

const { WABOT_DATA, SANDBOX_PORT, CHROMIUM_PATH } = process.env;
const count = Number(process.argv[2]);
const phone = '15550900003';
const directory = mkdtempSync(path.join(os.tmpdir(), 'wabot-bench-'));

/** @param {string} method @param {string} route @param {object} [body] */
const sandbox = (method, route, body) =>
  fetch(`http://127.0.0.1:${SANDBOX_PORT}${route}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body ?? {}),
  });

const settings = /** @type {any} */ ({
  sandboxFile: path.join(WABOT_DATA ?? '', 'run', 'sandbox.json'),
  chromium: CHROMIUM_PATH ?? '/usr/lib/chromium/chromium-headless-shell',
  launchTimeout: 30_000,
  liveArgs: [],
});
const launch = await launchOptions('sandbox', settings);
const client = bareClient(directory, launch);
await sandbox('PUT', `/phones/${phone}`, { name: 'Bench' });
client.once('qr', (qr) => sandbox('POST', `/phones/${phone}/scan`, { qr }));
const ready = new Promise((resolve) => client.once('ready', resolve));
await client.initialize();
nudging(client);
await ready;
const { _serialized: chat } = await client.getNumberId('12025500102');
const options = { sendSeen: false, linkPreview: false };
await client.sendMessage(chat, 'the first', options);

const started = performance.now();
for (let number = 0; number < count; number += 1) await client.sendMessage(chat, `message ${number}`, options);
const seconds = (performance.now() - started) / 1000;

await client.pupPage.evaluate(() => window.require('WAWebSocketModel').Socket.logout());
await endBrowser(client.pupBrowser, profileIn(directory));
rmSync(directory, { recursive: true, force: true });
console.log(JSON.stringify({ per_second: count / seconds }));
process.exit(0);
