/** What nobody here listens for stays in the page: the library would carry each message to Node five times and back. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import test, { after, before } from 'node:test';
import { PAGE_SCRIPT } from '../engines/webjs/client.js';
import { muting } from '../engines/webjs/muting.js';
import { Sandbox, until } from './support/sandbox.js';
import { Browser } from './support/sandbox_browser.js';

const ALICE = '12025550101';
const BOB = '12025550102';
/** What the engine listens for, and what the library itself waits for to get there. */
const HEARD = [
  'onAppStateChangedEvent',
  'onAppStateHasSyncedEvent',
  'onAuthAppStateChangedEvent',
  'onCodeReceivedEvent',
  'onLogoutEvent',
  'onOfflineProgressUpdateEvent',
  'onQRChangedEvent',
];

/** @type {Sandbox} */
let sandbox;
/** @type {Browser} */
let browser;

before(async () => {
  sandbox = await Sandbox.start();
  for (const number of [ALICE, BOB]) await sandbox.ok('PUT', `/phones/${number}`, { name: number });
  browser = new Browser(sandbox, 'alice', { evalOnNewDoc: PAGE_SCRIPT });
  await browser.link(ALICE);
});
after(async () => {
  await browser.close();
  await sandbox.stop();
});

test('what the library gives the page is heard, or muted', () => {
  const file = createRequire(import.meta.url).resolve('whatsapp-web.js/src/Client.js');
  const given = fs
    .readFileSync(file, 'utf8')
    .matchAll(/exposeFunctionIfAbsent\(\s*this\.pupPage,\s*'(\w+)'/g);
  const names = new Set([...given].map(([, name]) => name));
  const page = { wabot: {} };
  Reflect.set(globalThis, 'window', page);
  muting();
  Reflect.deleteProperty(globalThis, 'window');
  const muted = Object.getOwnPropertyNames(page).filter((name) => name !== 'wabot');
  assert.deepEqual([...names].sort(), [...HEARD, ...muted].sort());
});

test('a message goes out and one comes in, and the library tells nobody', async () => {
  await browser.client.getNumberId(BOB);
  await browser.send(BOB, 'hello');
  await sandbox.ok('POST', `/phones/${BOB}/send`, { to: `+${ALICE}`, text: 'answer' });
  const seen = () =>
    browser.page(() => {
      const models = /** @type {any} */ (window).require('WAWebCollections').Msg.getModelsArray();
      return models.map((/** @type {any} */ { body, ack }) => `${body} ${ack}`);
    });
  await until('both are there', async () => {
    const bodies = await seen();
    return bodies.includes('hello 2') && bodies.some((/** @type {string} */ one) => one.startsWith('answer'));
  });
  const told = browser.events.map(([name]) => name).filter((name) => name.startsWith('message'));
  assert.deepEqual([told, browser.all('ready').length], [[], 1]);
});
