/** Linking, and messages both ways. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { newClaim, newMessageId } from '../support/gateway.js';
import { until } from '../support/sandbox.js';
import { BOT, FRIEND, ME } from './bench.js';

const FIRST_QR_WITHIN_MS = 30_000; // of a host that isn't kept warm, and of a sandbox that hasn't loaded the protocol yet

/** @param {import('./bench.js').Bench} at */
export function messages(at) {
  test('shows a QR quickly and is connected once it is scanned', async () => {
    const started = await at.gateway.put('main', at.order);
    assert.equal(started.status, 202);
    assert.equal(started.body.status, 'starting');
    const { qr, qr_expires_at, linked } = await at.gateway.status('main', 'qr', FIRST_QR_WITHIN_MS);
    assert.ok(Date.parse(qr_expires_at) > Date.now());
    assert.equal(linked, false);
    await at.sandbox.ok('POST', `/phones/${ME}/scan`, { qr });
    const session = await at.gateway.status('main', 'connected');
    assert.deepEqual([session.phone, session.linked], [ME, true]);
    if (!at.isLight) assert.equal(session.push_name, `Phone ${ME}`);
    assert.equal(session.qr, null);
    const statuses = () => at.gateway.web.told('session.status').map((event) => event.data.status);
    await until('web is told', () => statuses().includes('connected')); // its journal is a moment behind
    assert.deepEqual(statuses(), ['starting', 'qr', 'authenticating', 'connected']);
  });

  test('sends with the chosen id and follows it to the read tick', async () => {
    const { id, code, wa_message_id: taken } = await at.gateway.send('main', BOT, 'hello');
    assert.deepEqual([code, taken], [null, id]);
    await at.acked(id, 'sent');
    await at.acked(id, 'delivered');
    const inbox = await at.sandbox.inbox(BOT);
    assert.deepEqual(
      inbox.map((/** @type {any} */ item) => [item.id, item.from, item.body]),
      [[id, ME, 'hello']],
    );
    await at.sandbox.ok('POST', `/phones/${BOT}/read`, {});
    await at.acked(id, 'read');
    const { wa_message_id, ack } = at.gateway.web.told('message.ack').at(-1).data;
    assert.deepEqual([wa_message_id, ack], [id, 'read']);
  });

  test('tells a number that is not on WhatsApp from one that is', async () => {
    const { code } = await at.gateway.send('main', '+4915199999999', 'hello');
    assert.equal(code, 'not_on_whatsapp');
  });

  test('hands on what comes in, with number and LID', async () => {
    await at.sandbox.ok('POST', `/phones/${FRIEND}/send`, { to: ME, text: 'answer' });
    const event = await until('message', () => at.gateway.web.told('message.received')[0]);
    assert.equal(event.data.chat.phone, FRIEND);
    assert.match(event.data.from.lid, /@lid$/);
    assert.deepEqual([event.data.body, event.data.kind, event.data.recovered], ['answer', 'text', false]);
  });

  test('tells what comes in at about the same moment in its order', async () => {
    const texts = Array.from({ length: 100 }, (_, n) => `one of many ${n}`);
    for (const text of texts) await at.sandbox.ok('POST', `/phones/${FRIEND}/send`, { to: ME, text });
    const told = () => at.gateway.web.told('message.received', ({ body }) => body.startsWith('one of many'));
    await until('all are told', () => told().length >= texts.length);
    assert.deepEqual(
      told().map(({ data }) => data.body),
      texts,
    );
  });

  test('keeps order and sends each once when many are given at the same time', async () => {
    const texts = Array.from({ length: 30 }, (_, n) => `many ${n}`);
    const answers = await Promise.all(texts.map((text) => at.gateway.send('main', FRIEND, text)));
    assert.ok(answers.every(({ code }) => code === null));
    const inbox = await until('all arrived', async () => {
      const arrived = await at.sandbox.inbox(FRIEND);
      return arrived.length >= texts.length && arrived;
    });
    assert.deepEqual(inbox.map((/** @type {any} */ item) => item.body).sort(), [...texts].sort());
    await Promise.all(answers.map(({ id }) => at.acked(id, 'delivered')));
  });

  test('hands one id over once, however often it is asked to', async () => {
    const wa_message_id = newMessageId();
    const again = () => at.gateway.send('main', BOT, 'only once', { wa_message_id });
    for (const { code } of [await again(), await again()]) assert.equal(code, null);
    const inbox = await at.sandbox.inbox(BOT);
    assert.equal(inbox.filter((/** @type {any} */ item) => item.id === wa_message_id).length, 1);
  });

  test('who has lost the lane hands nothing over and finds nothing', async () => {
    const body = 'from the past';
    assert.equal((await at.gateway.send('main', BOT, 'from the present', { claim: newClaim(2) })).code, null);
    assert.equal((await at.gateway.send('main', BOT, body, { claim: newClaim(1) })).code, 'stale_claim');
    assert.equal((await at.gateway.send('main', BOT, body, { claim: newClaim(3, -1) })).code, 'stale_claim');
    const since = new Date(Date.now() - 60_000).toISOString();
    const wanted = { claim: newClaim(1), wa_message_id: newMessageId(), to: BOT, body, since };
    assert.equal((await at.gateway.call('POST', '/sessions/main/find', wanted)).body.code, 'stale_claim');
    const inbox = await at.sandbox.inbox(BOT);
    assert.equal(inbox.filter((/** @type {any} */ item) => item.body === body).length, 0);
  });

  test('finds what went out, and nothing else', async () => {
    const { id } = await at.gateway.send('main', BOT, 'find me');
    const since = new Date(Date.now() - 60_000).toISOString();
    const ask = (/** @type {string} */ wa_message_id) =>
      at.gateway.call('POST', '/sessions/main/find', {
        claim: newClaim(),
        wa_message_id,
        to: BOT,
        body: 'find me',
        since,
      });
    const { body } = await ask(id);
    assert.deepEqual([body.found, body.wa_message_id], [true, id]);
    if (at.abilities.includes('resend_same_id')) return;
    assert.equal((await ask(newMessageId())).body.found, false);
  });

  if (at.abilities.includes('resend_same_id')) {
    test('settles what may have gone out by sending it again: it arrives once', async () => {
      const since = new Date(Date.now() - 60_000).toISOString();
      const [lost, never] = [newMessageId(), newMessageId()];
      await at.sandbox.ok('PUT', '/faults', { lose_acks: true });
      assert.equal(
        (await at.gateway.send('main', BOT, 'settle me', { wa_message_id: lost })).code,
        'outcome_unknown',
      );
      await at.sandbox.ok('PUT', '/faults', { lose_acks: false });
      for (const wa_message_id of [lost, lost, never, never]) {
        const wanted = { claim: newClaim(), wa_message_id, to: BOT, body: 'settle me', since };
        const { body } = await at.gateway.call('POST', '/sessions/main/find', wanted);
        assert.deepEqual(body, { found: true, wa_message_id, ack: 'sent' });
      }
      const inbox = await at.sandbox.inbox(BOT);
      const arrived = inbox.filter((/** @type {any} */ item) => item.body === 'settle me');
      assert.deepEqual(arrived.map((/** @type {any} */ item) => item.id).sort(), [lost, never].sort());
    });
  }

  if (at.abilities.includes('media')) {
    test('a file that comes in is fetched when it is asked for', async () => {
      const bytes = Buffer.from('not really a picture '.repeat(20_000));
      const letter = { to: ME, media: bytes.toString('base64'), mimetype: 'image/png', caption: 'a file' };
      await at.sandbox.ok('POST', `/phones/${FRIEND}/send`, letter);
      const { data } = await until(
        'the message',
        () => at.gateway.web.told('message.received', ({ body }) => body === 'a file')[0],
      );
      assert.deepEqual(
        [data.kind, data.media.mimetype, data.media.size],
        ['image', 'image/png', bytes.length],
      );
      const { wa_message_id, chat, from_me } = data;
      const ask = (/** @type {number} */ max_bytes) =>
        at.gateway.call('POST', '/sessions/main/media', { wa_message_id, chat, from_me, max_bytes });
      assert.equal((await ask(1_000)).body.code, 'media_too_large');
      const { body } = await ask(1_000_000);
      assert.ok(fs.readFileSync(path.join(at.sandbox.data, 'media', 'incoming', body.file)).equals(bytes));
    });
  }
}
