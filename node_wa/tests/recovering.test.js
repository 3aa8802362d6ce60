/** What is looked back for when nobody listened, of a page that holds more than is told: the newest. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import test, { after } from 'node:test';
import { letters } from '../engines/webjs/letters.js';
import { Page } from '../engines/webjs/page.js';
import { lossOf } from '../engines/webjs/reasons.js';
import { recovering } from '../engines/webjs/recovering.js';
import { GatewayError } from '../errors.js';
import { deferred } from '../lib/deadline.js';

const NOW = 1_790_000_000; // epoch s
const MAX_ACKS = 500;

after(() => {
  Reflect.deleteProperty(globalThis, 'window');
});

/** @param {number} n @returns {any} a chat with four own messages, `n` minutes before now the last */
function chat(n) {
  const t = NOW - n * 60;
  const own = [3, 2, 1, 0].map((k) => ({ id: { id: `${n}-${k}`, fromMe: true }, ack: 3, t: t - k }));
  const timeless = { id: { id: `${n}`, fromMe: true }, ack: 3 };
  return { t, msgs: { getModelsArray: () => [...own, timeless] } };
}

test('of many own messages it is the newest whose acks are told, oldest first', async () => {
  const chats = Array.from({ length: 150 }, (_, n) => chat(n));
  const Msg = { getModelsArray: () => chats.flatMap(({ msgs }) => msgs.getModelsArray()) };
  const collections = { Chat: { getModelsArray: () => chats }, Msg };
  /** @type {any[]} */
  const told = [];
  const wabot = {
    module: (/** @type {string} */ name) => (name === 'WAWebCollections' ? collections : undefined),
    isLetter: () => false,
    onAck: (/** @type {any} */ msg) => told.push(msg),
  };
  Reflect.set(globalThis, 'window', { wabot });
  recovering();
  await Reflect.get(wabot, 'recover')((NOW - 4 * 3600) * 1000);
  const timed = Msg.getModelsArray().filter(({ t }) => t);
  const newest = timed.sort((a, b) => a.t - b.t).slice(-MAX_ACKS);
  assert.deepEqual(
    told.map(({ id }) => id.id),
    newest.map(({ id }) => id.id),
  );
});

test('a message that is still sealed when it is looked back for is told once it is open, with its text', async () => {
  const id = { id: 'A1', fromMe: false, remote: '4915112340002@c.us' };
  const sealed = Object.assign(new EventEmitter(), { id, type: 'ciphertext', t: NOW });
  const collections = { Msg: { getModelsArray: () => [sealed] } };
  /** @type {any[]} */
  const told = [];
  const wabot = {
    module: (/** @type {string} */ name) => (name === 'WAWebCollections' ? collections : undefined),
    text: String,
    tell: (/** @type {string} */ _type, /** @type {any} */ data) => told.push(data),
  };
  Reflect.set(globalThis, 'window', { wabot });
  letters();
  recovering();
  await Reflect.get(wabot, 'recover')((NOW - 60) * 1000);
  assert.deepEqual(told, []);
  Object.assign(sealed, { type: 'chat', body: 'hello' }).emit('change:type');
  assert.deepEqual(
    told.map(({ body, kind, recovered }) => [body, kind, recovered]),
    [['hello', 'text', true]],
  );
});

/** A page over this process’s own `window`. @param {Promise<unknown>} loaded when the chat has loaded */
function slowPage(loaded) {
  const t = NOW;
  const msgs = { getModelsArray: () => [{ id: { id: '1' }, t }] };
  const collections = { Chat: { getModelsArray: () => [{ t, msgs }] } };
  const modules = { WAWebCollections: collections, WAWebChatLoadMessages: { loadEarlierMsgs: () => loaded } };
  const wabot = { module: (/** @type {string} */ name) => Reflect.get(modules, name), isLetter: () => false };
  Reflect.set(globalThis, 'window', { wabot });
  recovering();
  return new Page({
    evaluate: async (/** @type {any} */ call, /** @type {any[]} */ ...args) => call(...args),
  });
}

test('looking back may take as long as it takes: no call into the page waits for it', async () => {
  const loaded = deferred();
  const page = slowPage(loaded.promise);
  const calls = /** @type {Promise<any>[]} */ ([]);
  const call = page.call.bind(page);
  page.call = (...args) => calls[calls.push(call(...args)) - 1];
  const recovered = page.recover((NOW - 60) * 1000);
  await Promise.all([new Promise((resolve) => setTimeout(resolve, 120)), ...calls]);
  await Promise.all(calls);
  assert.ok(calls.length > 2);
  loaded.resolve([]);
  assert.deepEqual(await recovered, { told: 0, cut: false });
});

const connected = async () => ({ state: 'CONNECTED' });

for (const [
  what,
  broken,
  reason,
] of /** @type {[string, (fail: (error: Error) => void) => void, string][]} */ ([
  ['loads itself anew', () => slowPage(new Promise(() => undefined)), 'connection_lost'],
  ['fails in it', (fail) => fail(new TypeError('chat.msgs is undefined')), 'whatsapp_changed'],
]))
  test(`a page that ${what} while it looks back is ${reason}`, async () => {
    const loaded = deferred();
    const recovered = slowPage(loaded.promise).recover((NOW - 60) * 1000);
    await Promise.resolve();
    setTimeout(() => broken(loaded.reject), 20);
    const error = await recovered.catch((/** @type {unknown} */ thrown) => thrown);
    assert.equal((await lossOf(error, connected))[0], reason);
  });

test('what is only late, or gone with its browser, is no changed site', async () => {
  const losses = [
    new GatewayError('deadline', 'the page does not answer me'),
    new Error('Runtime.callFunctionOn timed out. Increase the ’protocolTimeout’ setting'),
    new Error('Execution context was destroyed, most likely because of a navigation.'),
    new Error('Protocol error (Runtime.callFunctionOn): Target closed'),
    new TypeError('wabot.me is not a function'),
  ].map((error) => lossOf(error, connected));
  const reasons = (await Promise.all(losses)).map(([reason]) => reason);
  assert.deepEqual(reasons, [
    'page_hung',
    'page_hung',
    'connection_lost',
    'browser_ended',
    'whatsapp_changed',
  ]);
});

test('what fails while WhatsApp is not connected says nothing of its version', async () => {
  const error = new Error('not connected');
  assert.equal((await lossOf(error, connected))[0], 'whatsapp_changed');
  for (const look of [
    async () => ({ state: 'OPENING' }),
    async () => null,
    () => Promise.reject(new Error('no document')),
  ])
    assert.equal((await lossOf(error, look))[0], 'connection_lost');
});
