/** What is looked back for when nobody listened, of a page that holds more than is told: the newest. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import test, { after } from 'node:test';
import { letters } from '../engines/webjs/letters.js';
import { recovering } from '../engines/webjs/recovering.js';

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
