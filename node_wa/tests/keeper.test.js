/** The life of a session under orders and news that come at the same moment. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
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

test('one that came back with a new page is not given up', async () => {
  await connected();
  engine.tell('state', { state: 'connecting' });
  await isNow('reconnecting');
  engine.tell('ready', ME);
  await isNow('connected');
  engine.tell('state', { state: 'connected' });
  await sleep(2 * GRACE_MS);
  assert.deepEqual([engine.status('s'), engine.started.length], ['connected', 1]);
});
