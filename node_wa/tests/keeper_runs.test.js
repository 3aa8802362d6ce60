/** One life of a session's engine after the other: what an earlier one says, how often it is brought back, and when it is given up. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../errors.js';
import { deferred } from '../lib/deadline.js';
import { PlayedEngine } from './support/engine.js';
import { until } from './support/sandbox.js';

const ME = { phone: '+12025550101', push_name: 'Me', web_version: null, missing: [] };
const QR = { qr: 'a,b,c,d', expires_at: new Date().toISOString() };
const SETTLED_MS = 40;

/** @type {PlayedEngine} */
let engine;
afterEach(() => engine.close());

const facts = () => engine.sessions.get('s').facts;
/** @param {number} n */
const started = (n) => until(`run ${n} is started`, () => engine.started.length === n, 3_000);
/** @param {string} status */
const isNow = (status) => until(`it is ${status}`, () => engine.status('s') === status, 3_000);

/** @param {ConstructorParameters<typeof PlayedEngine>[0]} [times] */
async function begun(times) {
  engine = new PlayedEngine(times);
  engine.put('s');
  await started(1);
}

/** @param {ConstructorParameters<typeof PlayedEngine>[0]} [times] */
async function connected(times) {
  await begun(times);
  engine.tell('ready', ME);
  await isNow('connected');
}

/** Lost and brought back, once more. */
async function lose() {
  const before = engine.started.length;
  engine.tell('ended', { reason: 'browser_ended', detail: '' });
  await started(before + 1);
}

for (const order of ['another start', 'a stop', 'a log-out'])
  test(`after ${order} was ordered, nothing that the run before it says is shown`, async () => {
    await begun();
    const ending = deferred();
    engine.answers.stop = () => ending.promise;
    engine.answers.logout = () => ending.promise;
    const voice = engine.voice();
    if (order === 'another start') engine.put('s', { epoch: 2 });
    const ended =
      order === 'a stop' ? engine.sessions.stop('s', 1) : order === 'a log-out' && engine.logout('s', 1);
    voice('qr', QR);
    voice('ended', { reason: 'opened_elsewhere', detail: '' });
    assert.deepEqual([facts().status, facts().qr, facts().reason], ['starting', null, null]);
    ending.resolve(undefined);
    await ended;
  });

test('stopped while the login is noted, it does not come up as connected', async () => {
  await begun();
  const session = engine.sessions.get('s');
  engine.tell('ready', ME);
  await engine.sessions.stop('s', 1);
  await sleep(SETTLED_MS);
  assert.equal(session.facts.status, 'disconnected');
});

test('ordered anew while it waits for its turn, it launches once', async () => {
  engine = new PlayedEngine();
  const launching = deferred();
  engine.answers.start = () => launching.promise;
  engine.put('other');
  await started(1);
  engine.put('s');
  await sleep(1); // it waits
  engine.put('s', { epoch: 2 });
  launching.resolve(undefined);
  await started(2);
  await sleep(SETTLED_MS);
  assert.equal(engine.started.length, 2);
});

test('of two orders at the same moment only the later one launches', async () => {
  await begun();
  engine.put('s', { epoch: 2 });
  engine.put('s', { epoch: 3 });
  await started(2);
  await sleep(SETTLED_MS);
  assert.equal(engine.started.length, 2);
});

test('while too many events wait it rests, and begins by itself once there is room', async () => {
  engine = new PlayedEngine();
  engine.isBackedUp = true;
  engine.put('s');
  await until('it says why', () => facts().reason === 'events_backed_up');
  assert.deepEqual([engine.status('s'), engine.started], ['starting', []]);
  engine.isBackedUp = false;
  await started(1);
});

test('texts to scan are counted for each life of the browser', async () => {
  await begun({ qrRotations: 2 });
  for (const qr of ['a,b,c,1', 'a,b,c,2']) engine.tell('qr', { ...QR, qr });
  await lose();
  engine.tell('qr', { ...QR, qr: 'a,b,c,3' });
  assert.equal(engine.status('s'), 'qr');
  engine.tell('qr', { ...QR, qr: 'a,b,c,4' });
  assert.equal(engine.status('s'), 'qr');
  engine.tell('qr', { ...QR, qr: 'a,b,c,5' });
  await isNow('disconnected');
  assert.equal(facts().reason, 'qr_not_scanned');
});

for (const [what, type, data, times] of /** @type {const} */ ([
  ['QR code', 'qr', QR, { qrTimeout: 30 }],
  ['pairing code', 'pairing_code', { code: 'ABCD' }, { pairingTimeout: 30 }],
]))
  test(`a ${what} that nobody uses is given up in time, but not while somebody logs in with it`, async () => {
    await begun(times);
    engine.tell(type, data);
    await isNow('disconnected');
    assert.equal(facts().reason, 'qr_not_scanned');
    assert.ok(!fs.existsSync(path.join(engine.data, 'profiles', 'sandbox', 's')), 'nothing of it is kept');
    engine.put('s');
    await started(2);
    engine.tell(type, data);
    engine.tell('authenticating');
    await sleep(2 * SETTLED_MS);
    assert.equal(engine.status('s'), 'authenticating');
  });

test('a login that is refused once is tried again, and given up when it is refused a second time', async () => {
  await connected();
  await lose();
  engine.tell('authenticating');
  assert.equal(facts().status, 'reconnecting', 'as long as it comes back');
  engine.tell('qr', QR);
  assert.equal(facts().qr, null, 'nobody is asked to link what is linked');
  await started(3);
  assert.deepEqual([facts().linked, facts().phone], [true, ME.phone]);
  engine.tell('ready', ME);
  await isNow('connected');
  await lose();
  engine.tell('pairing_code', { code: 'ABCD' });
  await started(5);
  engine.tell('pairing_code', { code: 'ABCD' });
  await isNow('disconnected');
  assert.deepEqual([facts().reason, facts().linked], ['unlinked_on_phone', false]);
});

test('a linked session that is lost again and again is given up, one never linked sooner', async () => {
  await connected({ budget: 4 });
  for (let n = 0; n < 4; n += 1) await lose();
  assert.equal(facts().restarts, 4);
  engine.tell('ended', { reason: 'browser_ended', detail: 'gone' });
  await isNow('failed');
  assert.deepEqual([facts().reason, facts().last_error, facts().linked], ['out_of_restarts', 'gone', true]);
  engine.put('s');
  await started(6);
  assert.deepEqual([facts().restarts, facts().last_error, facts().reason], [0, null, null]);
  await lose();
  await engine.close();
  await begun({ budget: 4 });
  for (let n = 0; n < 3; n += 1) await lose();
  engine.tell('ended', { reason: 'browser_ended', detail: '' });
  await isNow('failed');
  assert.equal(facts().reason, 'out_of_restarts');
});

test('losses are counted anew after it was connected for long, but not after it was so for a moment', async () => {
  await connected({ budget: 2, stable: SETTLED_MS });
  for (let n = 0; n < 2; n += 1) await lose();
  engine.tell('ready', ME);
  await isNow('connected');
  await sleep(2 * SETTLED_MS);
  for (let n = 0; n < 2; n += 1) await lose();
  engine.tell('ready', ME);
  await isNow('connected');
  engine.tell('ended', { reason: 'browser_ended', detail: '' });
  await isNow('failed');
});

for (const reason of ['whatsapp_unreachable', 'events_backed_up', 'database_away'])
  test(`however long it was away (${reason}), it may be lost as often as ever afterwards`, async () => {
    await connected({ budget: 2 });
    for (let n = 1; n <= 5; n += 1) {
      engine.tell('ended', { reason, detail: '' });
      await started(n + 1);
    }
    for (let n = 0; n < 2; n += 1) await lose();
    engine.tell('ended', { reason: 'browser_ended', detail: '' });
    await isNow('failed');
    assert.equal(facts().reason, 'out_of_restarts');
  });

for (const [reason, linked, ends] of /** @type {const} */ ([
  ['whatsapp_unreachable', false, 'failed'],
  ['auth_timeout', false, 'failed'],
  ['whatsapp_unreachable', true, 'again'],
  ['auth_timeout', true, 'again'],
  ['memory_limit', true, 'again'],
]))
  test(`${reason} of a session that ${linked ? 'is' : 'was never'} linked, more often than its budget: ${ends}`, async () => {
    await (linked ? connected : begun)({ budget: 1 });
    for (let n = 1; n <= (reason === 'auth_timeout' ? 1 : 4); n += 1) {
      engine.tell('ended', { reason, detail: '' });
      if (ends === 'failed') break;
      await started(n + 1);
    }
    if (ends === 'failed') await isNow('failed');
    assert.equal(facts().status, ends === 'failed' ? 'failed' : 'reconnecting');
    assert.equal(facts().reason, reason);
    if (reason === 'memory_limit') await lose(); // that was our own wish, and doesn't count
  });

test('what the page of a session that nobody has linked yet says of its connection is not shown', async () => {
  engine = new PlayedEngine({ heartbeat: 5 });
  let looks = 0;
  engine.answers.state = async () => {
    looks += 1;
    return { state: 'connecting' };
  };
  engine.put('s');
  await started(1);
  engine.tell('qr', QR);
  await until('it was looked at', () => looks > 2);
  assert.equal(engine.status('s'), 'qr');
});

for (const isShared of [false, true])
  test(`one late answer is borne${isShared ? ', of a host that many share four' : ''}, one more is not`, async () => {
    engine = new PlayedEngine({ heartbeat: 5 });
    engine.host.kind.isShared = isShared;
    const patience = isShared ? 4 : 1;
    let misses = 0;
    engine.answers.state = async () => {
      if (misses >= patience) return { state: 'connected' };
      misses += 1;
      throw new GatewayError('deadline');
    };
    engine.put('s');
    await started(1);
    engine.tell('ready', ME);
    await until('it was missed', () => misses === patience);
    await isNow('connected');
    await sleep(SETTLED_MS);
    assert.equal(engine.started.length, 1);
    misses = -1;
    await started(2);
  });
