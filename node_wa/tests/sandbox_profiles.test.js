/**
 * Each profile breaks whatsapp-web.js 1.34.7 in its own way; here the break itself is shown, so that what copes with it is
 * tested against the real thing. One browser, one linked device; a profile is put on by loading the page anew.
 */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { profiles } from '../sandbox/profiles.js';
import { Sandbox, until } from './support/sandbox.js';
import { Browser } from './support/sandbox_browser.js';

const ALICE = '12025550101';
const BOB = '12025550102';

/** @type {Sandbox} */
let sandbox;
/** @type {Browser} */
let browser;
/** @type {Set<string>} */
const shown = new Set();

before(async () => {
  sandbox = await Sandbox.start();
  browser = new Browser(sandbox, 'alice', { compat: false });
  await browser.link(ALICE);
  await browser.client.getNumberId(BOB);
});

after(async () => {
  await browser.close();
  await sandbox.stop();
});

/** @param {string} profile */
async function visit(profile) {
  shown.add(profile);
  await sandbox.ok('PUT', '/faults', { web_profile: profile });
  await browser.reload();
  await browser.state('CONNECTED');
  assert.equal(await browser.client.getWWebVersion(), profiles[profile].version);
}

const write = (/** @type {string} */ text) => sandbox.ok('POST', `/phones/${BOB}/send`, { to: ALICE, text });

/** @param {string} text */
const arrived = async (text) => {
  const inbox = await sandbox.inbox(BOB);
  return inbox.some((/** @type {{body: string}} */ message) => message.body === text);
};

/** Whether the page itself has it, seen or not by the library. @param {string} text */
const held = (text) =>
  browser.page((body) => {
    const { Chat } = /** @type {any} */ (window).require('WAWebCollections');
    const all = Chat.getModelsArray().flatMap((/** @type {any} */ chat) => chat.msgs.getModelsArray());
    return all.some((/** @type {any} */ msg) => msg.body === body);
  }, text);

test('today: keys without _serialized, so a message that went out is undefined', async () => {
  await visit('today');
  await browser.ready();
  assert.equal(await browser.send(BOB, 'today'), undefined);
  assert.ok(await arrived('today'));
  await assert.rejects(browser.client.getChats(), /\br: r\b/);
});

test('legacy: numbers as addresses, keys as they were, seen works', async () => {
  await visit('legacy');
  await browser.ready();
  await write('old times');
  const incoming = await browser.event('message', (m) => m.body === 'old times');
  assert.equal(incoming.from, `${BOB}@c.us`);
  const sent = await browser.client.sendMessage(`${BOB}@c.us`, 'old answer', {});
  assert.match(sent.id._serialized, new RegExp(`^true_${BOB}@c.us_3EB0`));
  const chats = () => sandbox.ok('GET', `/phones/${ALICE}/chats`);
  await until('seen', async () => (await chats())[0].unread === 0);
  await browser.send('12025550199', 'never looked up', { waitUntilMsgSent: true });
  assert.equal((await sandbox.inbox('12025550199')).length, 1);
});

test('indexed_by_other_address: the sent message is only found in its chat', async () => {
  await visit('indexed_by_other_address');
  await browser.ready();
  assert.equal(await browser.send(BOB, 'where am I'), undefined);
  assert.ok(await arrived('where am I'));
  assert.ok(await held('where am I'));
  const found = await browser.page((number) => {
    const { Msg } = /** @type {any} */ (window).require('WAWebCollections');
    const msg = Msg.getModelsArray().find((/** @type {any} */ m) => m.body === 'where am I');
    const random = msg.id.id;
    return [Boolean(Msg.get(String(msg.id))), Boolean(Msg.get(`true_${number}@c.us_${random}_out`))];
  }, BOB);
  assert.deepEqual(found, [false, true]);
});

test('own_ids: the sent message has another id than was made for it', async () => {
  await visit('own_ids');
  await browser.ready();
  assert.equal(await browser.send(BOB, 'who am I'), undefined);
  assert.ok(await arrived('who am I'));
});

test('no_sync_signal: 99 %, and never ready by itself', async () => {
  await visit('no_sync_signal');
  await browser.event('loading_screen', (percent) => percent === 99);
  await write('anyone ready?');
  await until('the page has it', () => held('anyone ready?'));
  assert.equal(
    await browser.page(() => /** @type {any} */ (window).require('WAWebSocketModel').Socket.hasSynced),
    false,
  );
  assert.deepEqual([browser.all('authenticated').length, browser.all('ready').length], [0, 0]);
  await browser.nudge();
  assert.equal(browser.all('ready').length, 1, 'told that it has synced, the library goes on');
});

test('early_sync: synced before anybody listens', async () => {
  await visit('early_sync');
  await browser.injected;
  assert.equal(
    await browser.page(() => /** @type {any} */ (window).require('WAWebSocketModel').Socket.hasSynced),
    true,
  );
  assert.equal(browser.all('ready').length, 0);
  await browser.nudge();
  assert.equal(browser.all('ready').length, 1);
});

test('module_missing: messages go out, none comes in', async () => {
  await visit('module_missing');
  await browser.event('authenticated');
  await until('sending works', () => browser.page(() => 'WWebJS' in window));
  await until('ticks come', async () => {
    await browser.send(BOB, 'one way');
    return browser.all('message_ack').length > 0;
  });
  assert.ok(await arrived('one way'));
  assert.equal(browser.all('ready').length, 0);
  await browser.nudge();
  assert.equal(browser.all('ready').length, 1, 'and the library even says so');
  await write('the other way');
  await until('the page has it', () => held('the other way'));
  await browser.page(() => 0);
  assert.equal(browser.all('message').length, 0);
});

test('store_missing: nothing after authenticated', async () => {
  await visit('store_missing');
  await browser.event('authenticated');
  await until('injected', () => browser.page(() => 'WWebJS' in window));
  await assert.rejects(browser.send(BOB, 'into the void'), /unknown module "WAWebCollections"/);
  assert.equal(browser.all('ready').length, 0);
});

test('a slow sync: connected, but not yet there', async () => {
  await sandbox.ok('PUT', '/faults', { slow_sync: 60_000 });
  await browser.reload();
  await browser.state('CONNECTED');
  await browser.injected;
  assert.equal(
    await browser.page(() => /** @type {any} */ (window).require('WAWebSocketModel').Socket.hasSynced),
    false,
  );
  assert.equal(browser.all('ready').length, 0);
  await sandbox.ok('PUT', '/faults', { slow_sync: 1_000 });
  await browser.reload();
  await browser.ready();
});

test('every profile has its test', () => {
  assert.deepEqual([...shown].sort(), Object.keys(profiles).sort());
});
