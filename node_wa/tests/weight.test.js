/** A browser that has grown too heavy: when it is replaced, and that no message notices. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Weight } from '../weight.js';
import { Gateway, newClaim, newMessageId } from './support/gateway.js';
import { Sandbox, until } from './support/sandbox.js';

const ME = '+4915112360001';
const BOT = '+12025550121';
const MINUTE = 60_000;

describe('when a browser is too heavy', () => {
  /** @param {boolean} [drains] */
  const scene = (drains = true) => {
    /** @type {string[]} */
    const steps = [];
    const run = /** @type {any} */ ({
      drain: async () => drains,
      resume: () => steps.push('resumed'),
    });
    const weight = new Weight(100, (_run, reason) => steps.push(reason));
    return { steps, weighed: (/** @type {number} */ mb, now = 0) => weight.weighed(run, mb, now) };
  };

  test('one reading over the limit is a moment, two in a row are not', async () => {
    const { steps, weighed } = scene();
    for (const mb of [120, 90, 120]) await weighed(mb);
    assert.deepEqual(steps, []);
    await weighed(120);
    assert.deepEqual(steps, ['memory_limit']);
  });

  test('another browser is judged by its own readings', async () => {
    const weight = new Weight(100, () => assert.fail('replaced'));
    for (const name of ['first', 'second', 'third']) await weight.weighed(/** @type {any} */ ({ name }), 500);
  });

  test('a message on its way is waited for, unless the browser is far over', async () => {
    const { steps, weighed } = scene(false);
    for (const mb of [120, 120]) await weighed(mb);
    assert.deepEqual(steps, ['resumed']);
    await weighed(151);
    assert.deepEqual(steps, ['resumed', 'memory_limit']);
  });

  test('an account that needs more than the limit rests longer and longer', async () => {
    const { steps, weighed } = scene();
    /** @type {number[]} */
    const at = [];
    for (let minute = 0; minute <= 180; minute += 1) {
      const before = steps.length;
      await weighed(120, minute * MINUTE);
      if (steps.length > before) at.push(minute);
    }
    assert.deepEqual(at, [1, 6, 16, 36, 76, 136]);
    await weighed(90, 260 * MINUTE);
    for (const minute of [261, 262]) await weighed(120, minute * MINUTE);
    await weighed(120, 266 * MINUTE);
    assert.equal(steps.length, at.length + 1);
    await weighed(120, 267 * MINUTE);
    assert.equal(steps.length, at.length + 2, 'a reading within the limit had ended that');
  });

  test('no limit, no end', async () => {
    const weight = new Weight(0, () => assert.fail('replaced'));
    for (let n = 0; n < 3; n += 1) await weight.weighed(/** @type {any} */ ({}), 1e6);
  });
});

describe('a real browser over its limit', () => {
  /** @type {Sandbox} */
  let sandbox;
  /** @type {Gateway} */
  let gateway;
  before(async () => {
    sandbox = await Sandbox.start();
    gateway = await Gateway.start(sandbox.data, { WA_WEIGHING_MS: '500' });
  });
  after(async () => {
    await gateway.close();
    await sandbox.stop();
  });

  test('the host counts, each session its share', async () => {
    await gateway.link('one', sandbox, ME);
    const [host] = await until('the host is weighed', async () => {
      const hosts = await gateway.hosts();
      return hosts[0].memory_mb && hosts;
    });
    const weight = await until(
      'the session is weighed',
      async () => (await gateway.session('one')).memory_mb,
    );
    assert.deepEqual([host.sessions, host.memory_mb > 10], [1, true]);
    assert.ok(weight > host.memory_mb + 20, `${weight} MB with a host of ${host.memory_mb} MB`);
  });

  test('is replaced between messages: login kept, the reason told, every message arrives once, in order', async () => {
    await gateway.stop();
    gateway.env.WA_MEMORY_LIMIT_MB = '40'; // less than any browser takes
    gateway.env.WA_RESTART_BUDGET = '0'; // had it counted, it would be `failed`
    await gateway.boot();
    await gateway.put('one');
    await gateway.status('one', 'connected');
    const texts = await sendUntil(() => replaced().length > 0);
    await gateway.status('one', 'connected');
    texts.push(await sendOne('the last'));
    const inbox = await until('all arrived', async () => {
      const arrived = await sandbox.inbox(BOT);
      return arrived.length >= texts.length && arrived;
    });
    assert.deepEqual(
      inbox.map((/** @type {any} */ item) => item.body),
      texts,
    );
    const [{ data }] = replaced();
    assert.deepEqual([data.status, data.linked, data.qr], ['reconnecting', true, null]);
    assert.match(data.last_error, /MB, 40 MB are allowed/);
    assert.equal(gateway.web.told('session.status', (told) => told.qr).length, 1, 'only the first QR');
  });

  const replaced = () => gateway.web.told('session.status', (data) => data.reason === 'memory_limit');

  /** As the worker does: asked again under the same id until WhatsApp has it; an unknown outcome is looked up. @param {string} body */
  const sendOne = async (body) => {
    const wa_message_id = newMessageId();
    const since = new Date(Date.now() - MINUTE).toISOString();
    await until(`"${body}" is sent`, async () => {
      const { code } = await gateway.send('one', BOT, body, { wa_message_id });
      if (code !== 'outcome_unknown') return code === null;
      const wanted = { claim: newClaim(), wa_message_id, to: BOT, body, since };
      return (await gateway.call('POST', '/sessions/one/find', wanted)).body.found;
    });
    return body;
  };

  /** Without a pause, and some beyond. @param {() => boolean} isOver */
  const sendUntil = async (isOver) => {
    /** @type {string[]} */
    const texts = [];
    for (let left = 20; left > 0; left -= isOver() ? 1 : 0) texts.push(await sendOne(`n ${texts.length}`));
    return texts;
  };
});
