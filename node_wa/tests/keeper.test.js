/** The life of a session under orders and news that come at the same moment. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../errors.js';
import { deferred } from '../lib/deadline.js';
import { PlayedEngine } from './support/engine.js';
import { until } from './support/sandbox.js';

const ME = { phone: '+12025550101', push_name: 'Me', web_version: null, missing: [] };
const GRACE_MS = 100;

/** @type {PlayedEngine} */
let engine;

beforeEach(() => {
  engine = new PlayedEngine({ connectionGrace: GRACE_MS });
});
afterEach(() => engine.close());

/** @param {number} n */
const started = (n) => until(`run ${n} is started`, () => engine.started.length === n, 3_000);
/** @param {string} status */
const isNow = (status) => until(`it is ${status}`, () => engine.status('s') === status);

async function connected() {
  engine.put('s');
  await started(1);
  engine.tell('ready', ME);
  await isNow('connected');
}

for (const reason of ['qr_not_scanned', 'unlinked_on_phone', 'opened_elsewhere'])
  test(`ordered anew while it ends by itself (${reason}): it starts, and no end is told of it`, async () => {
    const ending = deferred();
    engine.put('s');
    await started(1);
    engine.answers.stop = () => ending.promise;
    engine.tell('ended', { reason, detail: '' });
    await sleep(10);
    engine.put('s', { epoch: 2 });
    engine.answers = {};
    ending.resolve(undefined);
    await started(2);
    await sleep(20);
    assert.equal(engine.status('s'), 'starting');
  });

test('a connection that is away is given up in time, also when the page was hung just before', async () => {
  await engine.close();
  engine = new PlayedEngine({ connectionGrace: GRACE_MS, heartbeat: 10 });
  engine.answers.state = async () => ({ state: 'connected' });
  await connected();
  engine.answers.state = async () => {
    engine.answers.state = async () => ({ state: 'connecting' });
    throw new GatewayError('deadline');
  };
  await started(2);
});

test('a connection that breaks while the login is noted is not shown as there', async () => {
  engine.put('s');
  await started(1);
  engine.tell('ready', ME);
  engine.tell('state', { state: 'connecting' });
  await until('it has logged in', () => engine.sessions.get('s').login !== null);
  await isNow('reconnecting');
});

test('one that came back with a new page is not given up, not even just before it is looked at', async () => {
  await connected();
  engine.tell('state', { state: 'connecting' });
  await isNow('reconnecting');
  engine.tell('ready', ME);
  await isNow('connected');
  await sleep(2 * GRACE_MS);
  assert.deepEqual([engine.status('s'), engine.started.length], ['connected', 1]);
});

test('a log-out leaves no profile, also not of a network that the session was on before it was linked', async () => {
  engine.put('s', { network: 'live' });
  await started(1);
  engine.put('s', { epoch: 2 });
  await started(2);
  await engine.logout('s', 2);
  const left = fs.readdirSync(path.join(engine.data, 'profiles')).flatMap((network) => {
    return fs.readdirSync(path.join(engine.data, 'profiles', network));
  });
  assert.deepEqual(left, []);
});

test('a session of an engine that is not installed any more can be logged out', async () => {
  /** @type {object[]} */
  const forgotten = [];
  engine.vault.forget = async (/** @type {object} */ owner) => void forgotten.push(owner);
  await engine.logout('s', 2, { engine: 'gone' });
  assert.deepEqual(forgotten, [{ session: 's', network: 'sandbox' }]);
});

test('a session stays held while a second log-out of it is under way: nothing new begins beside that', async () => {
  const [first, second] = [deferred(), deferred()];
  engine.put('s');
  await started(1);
  const session = engine.sessions.get('s');
  const wipes = [first.promise, second.promise];
  session.forgetLogin = async () => void (await wipes.shift());
  const [one, other] = [engine.logout('s', 1), engine.logout('s', 1)];
  first.resolve(undefined);
  await one;
  engine.put('s', { epoch: 2 });
  assert.equal(engine.sessions.get('s'), session);
  await sleep(20);
  assert.equal(engine.started.length, 1, 'not before the second is through');
  second.resolve(undefined);
  await other;
  await started(2);
});

test('one that waits for its turn to launch is logged out at once, and its turn goes to the next', async () => {
  const launching = deferred();
  engine.answers.start = () => launching.promise;
  engine.put('s');
  await started(1);
  engine.put('waits');
  engine.put('next');
  await setImmediate(); // both wait
  const isLoggedOut = engine.logout('waits', 1).then(() => true);
  assert.ok(await Promise.race([isLoggedOut, sleep(2_000, false)]), 'while the first is still launching');
  engine.answers = {};
  launching.resolve(undefined);
  await started(2);
  await until('the slot is free again', () => engine.slots.free === 1);
  assert.equal(engine.started.length, 2);
});
