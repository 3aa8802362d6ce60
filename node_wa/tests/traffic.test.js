/** Node isn't told of the network of a session that works, and is again of another document. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { PAGE_SCRIPT } from '../engines/webjs/client.js';
import { Page } from '../engines/webjs/page.js';
import { Sandbox, until } from './support/sandbox.js';
import { Browser } from './support/sandbox_browser.js';

const ALICE = '12025550101';
const BOB = '12025550102';

/** @type {Sandbox} */
let sandbox;
/** @type {Browser} */
let browser;
/** @type {Page} */
let page;
/** @type {('frame' | 'document')[]} frames of WhatsApp's socket and documents, as they were told */
const told = [];

before(async () => {
  sandbox = await Sandbox.start();
  for (const number of [ALICE, BOB]) await sandbox.ok('PUT', `/phones/${number}`, { name: number });
  browser = new Browser(sandbox, 'alice', { evalOnNewDoc: PAGE_SCRIPT });
  await browser.link(ALICE);
  page = new Page(browser.client.pupPage);
  await page.hear(
    () => undefined,
    () => told.push('document'),
  );
  browser.client.pupPage._client().on('Network.webSocketFrameReceived', () => told.push('frame'));
  await browser.client.getNumberId(BOB);
});
after(async () => {
  await browser.close();
  await sandbox.stop();
});

/** @param {string} text */
const send = async (text) => {
  await browser.send(BOB, text);
  await until('it is delivered', async () => {
    const acks = await browser.page(
      (body) =>
        /** @type {any} */ (window)
          .require('WAWebCollections')
          .Msg.getModelsArray()
          .filter((/** @type {any} */ one) => one.body === body)
          .map((/** @type {any} */ one) => one.ack),
      text,
    );
    return acks[0] === 2;
  });
};

test('frames are told while a page loads, and no more when it works', async () => {
  await send('first');
  assert.ok(told.includes('frame'));
  await page.hush();
  told.length = 0;
  await send('second');
  assert.deepEqual(told, []);
});

test('another document is told, and what it does then', async () => {
  const agent = () => browser.page(() => navigator.userAgent);
  const before = await agent();
  for (let n = 0; n < 3; n += 1) {
    await page.hush();
    told.length = 0;
    await browser.reload();
    await browser.event('ready');
    await send(`after ${n}`);
    assert.deepEqual([told[0], told.includes('frame')], ['document', true]);
    assert.deepEqual([(await page.look()).status, await agent()], [200, before]);
  }
});
