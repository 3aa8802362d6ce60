/** Our part of the page over a WhatsApp Web that throws in the middle of a hand-over, and keeps ids of its own. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { compat } from '../engines/webjs/compat.js';
import { finding } from '../engines/webjs/finding.js';
import { letters } from '../engines/webjs/letters.js';
import { sending } from '../engines/webjs/sending.js';

const BOT = '+12025550101';
const HOUR_MS = 3_600_000;
/** @type {any[]} own messages of the only chat */
let models;
/** @type {string[]} numbers WhatsApp was asked about */
let asked;
/** @type {any} */
let page;

beforeEach(() => {
  models = [];
  asked = [];
  const chat = { msgs: { getModelsArray: () => models } };
  const createWid = (/** @type {string} */ text) => ({ toString: () => text });
  const queryWidExists = async (/** @type {unknown} */ wid) => {
    asked.push(`${wid}`);
    return { wid };
  };
  /** @type {Record<string, any>} */
  const modules = {
    WAWebSocketModel: { Socket: { state: 'CONNECTED' } },
    WAWebWidFactory: { createWid },
    WAWebQueryExistsJob: { queryWidExists },
    WAWebCollections: { Msg: { get: () => undefined }, Chat: { get: () => chat } },
    WAWebMsgKey: Object.assign(function Key() {}, { newId: async () => '3EB0OWN' }),
  };
  page = { require: (/** @type {string} */ name) => modules[name], WWebJS: { getChat: async () => chat } };
  page.top = page;
  Reflect.set(globalThis, 'window', page);
  for (const part of [compat, letters, sending, finding]) part();
});
afterEach(() => Reflect.deleteProperty(globalThis, 'window'));

/** @param {string} thrown after the message went out under an id of the site's own, or before anything was done */
const throwing = (thrown, goesOut = true) => {
  page.WWebJS.sendMessage = async (/** @type {any} */ _chat, /** @type {string} */ body) => {
    if (goesOut) models.push({ id: { fromMe: true, id: '3EB0OWN' }, body, t: Date.now() / 1000, ack: 0 });
    throw new Error(thrown);
  };
};
const order = (id = '3EB0OURS', body = 'hello') => ({ to: BOT, body, id, deadline: Date.now() + HOUR_MS });
const send = async () => (await page.wabot.send([order()]))[0];
const find = () =>
  page.wabot.find({ to: BOT, body: 'hello', id: '3EB0OURS', since: (Date.now() - HOUR_MS) / 1000 });

test('an error in the middle of a hand-over leaves its outcome open, and it is found by its text', async () => {
  throwing('r: r');
  assert.deepEqual(await send(), { error: 'outcome_unknown', detail: 'r: r' });
  assert.deepEqual(await find(), { found: false, alike: [{ id: '3EB0OWN', ack: 0 }] });
});

test('after an error the id chosen for it is no other message’s, and the number is asked about anew', async () => {
  throwing('r: r', false);
  await send();
  assert.equal(await page.require('WAWebMsgKey').newId(), '3EB0OWN');
  await send();
  assert.equal(asked.length, 2);
});

test('whether a number is known is what WhatsApp says, and nothing while it can’t be asked', async () => {
  assert.deepEqual(await page.wabot.exists(BOT), { exists: true });
  page.require('WAWebQueryExistsJob').queryWidExists = async () => null;
  assert.deepEqual(await page.wabot.exists('+12025550102'), { exists: false });
  page.require('WAWebQueryExistsJob').queryWidExists = async () => {
    throw new Error('r: r');
  };
  assert.deepEqual(await page.wabot.exists('+12025550103'), { error: 'engine_error', detail: 'r: r' });
  page.require('WAWebSocketModel').Socket.state = 'OPENING';
  assert.equal((await page.wabot.exists(BOT)).error, 'session_not_connected');
});

test('what the site can’t address has not gone out', async () => {
  throwing('No LID for user', false);
  assert.equal((await send()).error, 'engine_error');
});

/** The site takes the chosen id, or makes its own. @param {boolean} choosing @param {() => void} [meanwhile] */
const taking = (choosing, meanwhile = () => undefined) => {
  page.WWebJS.sendMessage = async (/** @type {any} */ _chat, /** @type {string} */ body) => {
    const id = choosing ? await page.require('WAWebMsgKey').newId() : `3EB0${body}`;
    const msg = { id: { fromMe: true, id }, body, t: Date.now() / 1000, ack: 0 };
    models.push(msg);
    meanwhile();
    return msg;
  };
};
/** @param {any[]} orders @returns {Promise<(string | undefined)[]>} ids and errors */
const sendAll = async (orders) =>
  (await page.wabot.send(orders)).map((/** @type {any} */ { id, error }) => error ?? id);
const THREE = [order('3EB0A', 'a'), order('3EB0B', 'b'), order('3EB0C', 'c')];

test('several go in one call, in their order', async () => {
  taking(true);
  assert.deepEqual(await sendAll(THREE), ['3EB0A', '3EB0B', '3EB0C']);
  assert.deepEqual(
    models.map(({ body }) => body),
    ['a', 'b', 'c'],
  );
});

test('a call ends at the first that fails', async () => {
  taking(true);
  const late = { ...order('3EB0B', 'b'), deadline: Date.now() - 1 };
  assert.deepEqual(await sendAll([order('3EB0A', 'a'), late, order('3EB0C', 'c')]), [
    '3EB0A',
    'session_not_connected',
  ]);
});

test('a call that has lasted long enough ends after the one that is being sent', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  taking(true, () => t.mock.timers.tick(200));
  assert.deepEqual(await sendAll(THREE), ['3EB0A', '3EB0B']);
});

test('where the site makes its own ids a call is for one message', async () => {
  taking(false);
  assert.deepEqual(await sendAll(THREE), ['3EB0a']);
});
