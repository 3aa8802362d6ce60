/** What is told of a session and kept of it, from one start to the next, whatever its engine says in between. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../errors.js';
import { deferred } from '../lib/deadline.js';
import { PlayedEngine } from './support/engine.js';
import { until } from './support/sandbox.js';

const ME = { phone: '+12025550101', push_name: 'Me', web_version: null, missing: [] };
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** @type {PlayedEngine} */
let engine;
/** From when on each run was asked to look back, epoch ms. @type {number[]} */
let sinces;
beforeEach(() => {
  engine = new PlayedEngine();
  sinces = [];
  engine.answers.create = async (_run, { recoverSince }) => void sinces.push(recoverSince);
});
afterEach(() => engine.close());

const facts = () => engine.sessions.get('s').facts;
/** @param {number} n */
const started = (n) => until(`run ${n} is started`, () => engine.started.length === n, 3_000);

async function connected(n = 1) {
  engine.put('s');
  await started(n);
  engine.tell('ready', ME);
  await until('it is connected', () => engine.status('s') === 'connected');
}

/** A login that was left, and when it was last known to be online. @param {number} online_at */
function left(online_at) {
  const directory = path.join(engine.data, 'profiles', 'sandbox', 's');
  fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(
    path.join(directory, 'linked.json'),
    JSON.stringify({ engine: 'played', ...ME, online_at }),
  );
}

/** @param {number} epochMs @param {number} expected */
const isAbout = (epochMs, expected) =>
  assert.ok(Math.abs(epochMs - expected) < 5_000, `${(epochMs - expected) / 1000} s from it`);

test('what an engine lacks is news, and a status is as old as its change', async () => {
  await connected();
  const { since } = facts();
  await sleep(2);
  for (const missing of [['seen'], ['lid_map']]) {
    const before = engine.told.length;
    engine.tell('ready', { ...ME, missing });
    await until('it is told', () => engine.told.length > before);
  }
  const { type, data } = engine.told.at(-1);
  assert.deepEqual([type, data.missing, data.reason], ['session.status', ['lid_map'], 'whatsapp_changed']);
  assert.equal(data.since, since);
  engine.tell('state', { state: 'connecting' });
  assert.notEqual(engine.told.at(-1).data.since, since);
});

test('whose session it is is shown while it starts again', async () => {
  await connected();
  await engine.sessions.stop('s', 1);
  engine.put('s');
  assert.deepEqual([facts().status, facts().phone, facts().push_name], ['starting', ME.phone, ME.push_name]);
});

test('the end of the gateway is told of what runs, and not of what had come to its end before', async () => {
  await connected();
  const runs = engine.sessions.get('s');
  engine.put('over');
  await started(2);
  engine.tell('ended', { reason: 'qr_not_scanned', detail: '' });
  const over = engine.sessions.get('over');
  await until('it has ended', () => over.isOver);
  await engine.sessions.close();
  assert.deepEqual([runs.facts.status, runs.facts.reason], ['reconnecting', 'host_ended']);
  assert.deepEqual([over.facts.status, over.facts.reason], ['disconnected', 'qr_not_scanned']);
});

test('nothing is handed to an engine that is being stopped', async () => {
  await connected();
  const ending = deferred();
  engine.answers.stop = () => ending.promise;
  const stopped = engine.sessions.stop('s', 1);
  const message = { id: 'm', to: ME.phone, body: 'a', wa_message_id: '3EB0', correlation_id: 'c' };
  await assert.rejects(engine.sessions.get('s').send([message], 1), { code: 'session_not_connected' });
  ending.resolve(undefined);
  await stopped;
});

test('a file that does not come in time may be asked for again, one that is gone is gone', async () => {
  await connected();
  const wanted = { wa_message_id: '3A', chat: { phone: ME.phone, lid: null }, from_me: false, max_bytes: 1 };
  for (const [code, said] of [
    ['deadline', 'media_unavailable'],
    ['media_gone', 'media_gone'],
  ]) {
    engine.answers.media = () => Promise.reject(new GatewayError(code));
    await assert.rejects(engine.sessions.get('s').media(wanted), { code: said });
  }
});

test('who was never linked has nothing to look back for', async () => {
  engine.put('s');
  await started(1);
  isAbout(sinces[0], Date.now());
});

test('the look back begins five minutes before it was last known to be online, a week ago at most', async () => {
  left(Date.now() - 3 * DAY_MS);
  engine.put('s');
  await started(1);
  await engine.sessions.stop('s', 1);
  left(Date.now() - 30 * DAY_MS);
  engine.put('s');
  await started(2);
  isAbout(sinces[0], Date.now() - 3 * DAY_MS - 5 * MINUTE_MS);
  isAbout(sinces[1], Date.now() - 7 * DAY_MS);
});

for (const isOnDisk of [true, false])
  test(`the next look back is ${isOnDisk ? 'short' : 'as long'} when what came in is ${isOnDisk ? '' : 'not '}on disk`, async () => {
    left(Date.now() - DAY_MS);
    await connected();
    if (!isOnDisk) engine.journalled = deferred().promise;
    engine.tell('message', { wa_message_id: '3A', from_me: false });
    engine.tell('caught_up');
    await sleep(30);
    engine.journalled = Promise.resolve();
    engine.tell('ended', { reason: 'browser_ended', detail: '' });
    await started(2);
    isAbout(sinces[1], (isOnDisk ? Date.now() : Date.now() - DAY_MS) - 5 * MINUTE_MS);
  });

test('what was not caught up with is looked for again', async () => {
  left(Date.now() - DAY_MS);
  await connected();
  engine.tell('ended', { reason: 'browser_ended', detail: '' });
  await started(2);
  isAbout(sinces[1], Date.now() - DAY_MS - 5 * MINUTE_MS);
});
