/** Who may hand messages over, how far a batch gets, and what is said of it, whatever happens in the middle. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { GatewayError } from '../errors.js';
import { deferred } from '../lib/deadline.js';
import { sendInOrder } from '../send_in_order.js';
import { PlayedEngine } from './support/engine.js';
import { newClaim } from './support/gateway.js';
import { until } from './support/sandbox.js';

const BOT = '+12025550101';

/** @type {PlayedEngine} */
let engine;
/** @type {string[]} */
let went;
const session = () => engine.sessions.get('s');
const order = (/** @type {string} */ body) => ({
  id: body,
  to: BOT,
  body,
  wa_message_id: `3EB0${body}`,
  correlation_id: 'c',
});
/** @param {string[]} bodies @param {{epoch?: number, claim?: ReturnType<typeof newClaim>}} [more] @returns {Promise<(string | null)[]>} codes */
const batch = async (bodies, { epoch = 1, claim = newClaim() } = {}) => {
  const results = await sendInOrder(session(), { epoch, claim, messages: bodies.map(order) });
  return results.map((result) => ('code' in result ? result.code : null));
};
const find = (claim = newClaim()) =>
  session().find({ claim, to: BOT, body: 'a', wa_message_id: '3EB0a', since: new Date().toISOString() });
/** @param {(body: string) => unknown} meanwhile what happens while it is handed over @param {{body: string, wa_message_id: string}} message */
const outcome = async (meanwhile, { body, wa_message_id }) => {
  try {
    await meanwhile(body);
    went.push(body);
    return { wa_message_id, ack: 'pending' };
  } catch (error) {
    return { code: /** @type {any} */ (error).code, detail: '' };
  }
};
/** @param {(body: string) => unknown} [meanwhile] @param {number} [atOnce] messages that it takes in one call */
const answer = (meanwhile = () => undefined, atOnce = 1) => {
  engine.answers.send = async (_run, messages) => {
    const outcomes = [];
    for (const message of messages.slice(0, atOnce)) {
      outcomes.push(await outcome(meanwhile, message));
      if ('code' in outcomes[outcomes.length - 1]) break;
    }
    return outcomes;
  };
};

beforeEach(async () => {
  engine = new PlayedEngine({ heartbeat: 1_000 });
  engine.answers.state = async () => ({ state: 'connected' });
  went = [];
  answer();
  engine.put('s');
  await until('it is started', () => engine.started.length === 1);
  engine.tell('ready', { phone: BOT, push_name: 'Me', web_version: null, missing: [] });
  await until('it is connected', () => engine.status('s') === 'connected');
});
afterEach(() => engine.close());

test('a batch ends where another worker has taken the lane over, who alone may go on and look things up', async () => {
  answer(() => session().claimed(newClaim(3)));
  assert.deepEqual(await batch(['a', 'b']), [null, 'stale_claim']);
  assert.deepEqual(await batch(['b']), ['stale_claim']);
  await assert.rejects(find(), { code: 'stale_claim' });
  assert.deepEqual(went, ['a']);
  assert.deepEqual(await batch(['b'], { claim: newClaim(3) }), [null]);
  assert.deepEqual(await find(newClaim(3)), {});
});

test('a batch ends with the lease, as for a worker that was stopped meanwhile', async () => {
  const claim = newClaim(2, 50);
  answer(() => until('it is over', () => Date.now() > Date.parse(claim.until)));
  assert.deepEqual(await batch(['a', 'b'], { claim }), [null, 'stale_claim']);
  assert.deepEqual(went, ['a']);
});

for (const atOnce of [1, 2, 25])
  test(`a batch of calls of ${atOnce} ends at the first that could not go, not at one that isn’t on WhatsApp`, async () => {
    answer((body) => {
      if (body === 'b') throw new GatewayError('not_on_whatsapp');
      if (body === 'd') throw new GatewayError('busy');
    }, atOnce);
    assert.deepEqual(await batch(['a', 'b', 'c', 'd', 'e']), [null, 'not_on_whatsapp', null, 'busy']);
    assert.deepEqual(went, ['a', 'c']);
  });

for (const code of ['deadline', 'host_ended', 'outcome_unknown', 'nobody foresaw it'])
  test(`each of a call that ends without an answer (${code}) may have gone out`, async () => {
    answer(undefined, 1);
    const one = engine.answers.send;
    engine.answers.send = async (run, messages) => {
      if (went.length < 1) return one(run, messages);
      throw code.includes(' ') ? new Error(code) : new GatewayError(code);
    };
    const told = code.includes(' ') ? 'internal' : 'outcome_unknown';
    assert.deepEqual(await batch(['a', 'b', 'c']), [null, told, told]);
  });

for (const code of ['session_not_connected', 'busy'])
  test(`a call that is refused (${code}) hands none over, and is told of the first`, async () => {
    engine.answers.send = () => Promise.reject(new GatewayError(code));
    assert.deepEqual(await batch(['a', 'b']), [code]);
  });

test('nothing is looked up before what is being handed over is through', async () => {
  const handing = deferred();
  answer(() => handing.promise);
  let isAsked = false;
  engine.answers.find = async () => {
    isAsked = true;
    return { found: went.includes('a') };
  };
  const sent = batch(['a']);
  await setImmediate();
  const found = find();
  await setImmediate();
  assert.equal(isAsked, false);
  handing.resolve(undefined);
  assert.deepEqual([await sent, await found], [[null], { found: true }]);
});

test('while it is not connected, or for another epoch, nothing is handed over and nothing looked up', async () => {
  assert.deepEqual(await batch(['a'], { epoch: 0 }), ['stale_epoch']);
  assert.deepEqual(await batch(['a'], { epoch: 2 }), ['session_not_connected']);
  engine.tell('state', { state: 'connecting' });
  assert.equal(engine.status('s'), 'reconnecting');
  assert.deepEqual(await batch(['a']), ['session_not_connected']);
  await assert.rejects(find(), { code: 'session_not_connected' });
  assert.deepEqual(went, []);
});
