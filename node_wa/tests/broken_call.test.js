/** A browser that dies while several messages are in its hands: of each it is said that it went, that it is open, or nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Gateway, killed, newClaim, newMessageId } from './support/gateway.js';
import { Sandbox, until } from './support/sandbox.js';

const ME = '+4915112350001';
const FRIEND = '+12025550111';
const TRIES = 5;
/** Of some length, so that a page needs a while for 25 of them. */
const LONG = 'x'.repeat(5_000);

/** @type {Sandbox} */
let sandbox;
/** @type {Gateway} */
let gateway;
before(async () => {
  sandbox = await Sandbox.start();
  gateway = await Gateway.start(sandbox.data);
  await gateway.link('main', sandbox, ME);
});
after(async () => {
  await gateway.logout('main', { epoch: 9 });
  await gateway.close();
  await sandbox.stop();
});

/** @param {string} phone @returns {Promise<string[]>} ids that have arrived */
const arrived = async (phone) =>
  (await sandbox.inbox(phone)).map((/** @type {any} */ { body }) => body.split(' ')[0]);

/** @param {string} phone @returns {Promise<[string, string | null | undefined][]>} ids, with a code, null where it went, undefined where nothing is said */
const batch = async (phone) => {
  const ids = Array.from({ length: 25 }, newMessageId);
  const messages = ids.map((id) => ({
    id,
    to: phone,
    body: `${id} ${LONG}`,
    wa_message_id: id,
    correlation_id: 'c',
  }));
  const order = { epoch: 1, claim: newClaim(), messages };
  const { body } = await gateway.call('POST', '/sessions/main/batches', order);
  return ids.map((id, i) => [id, body.results[i] && (body.results[i].code ?? null)]);
};

/** @param {string} phone @param {string} id */
const find = async (phone, id) => {
  const since = new Date(Date.now() - 60_000).toISOString();
  const wanted = { claim: newClaim(), to: phone, wa_message_id: id, body: `${id} ${LONG}`, since };
  return (await gateway.call('POST', '/sessions/main/find', wanted)).body;
};

/** The browser is killed as soon as something has arrived. @param {string} phone */
const broken = async (phone) => {
  const { since } = await gateway.session('main');
  const browser = await gateway.browser('main');
  const sent = batch(phone);
  for (; (await arrived(phone)).length === 0; );
  await killed(browser, 'the browser');
  const said = await sent;
  await until('it is back', async () => {
    const now = await gateway.session('main');
    return now.status === 'connected' && now.since !== since;
  });
  return said;
};

test('of a call that breaks off each is open and can be looked up, and none of the others has gone', async () => {
  let open = 0;
  for (let n = 0; n < TRIES && open < 2; n += 1) {
    await gateway.send('main', FRIEND, 'with this the page is known to use our ids');
    const phone = `+12025557${100 + n}`;
    const said = await broken(phone);
    const went = said.filter(([, code]) => code === null).map(([id]) => id);
    for (const [id] of said.filter(([, code]) => code === 'outcome_unknown')) {
      open += 1;
      if ((await find(phone, id)).found) went.push(id);
    }
    await until('what has gone is there', async () => (await arrived(phone)).length >= went.length);
    assert.deepEqual(await arrived(phone), went);
  }
  assert.ok(open > 1, 'a call was broken off in its middle');
});
