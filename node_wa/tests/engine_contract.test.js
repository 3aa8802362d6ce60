/**
 * The contract every engine keeps, played through the gateway with the real engine against the real sandbox. One session's
 * life from the first QR to the log-out: each test goes on where the one before ended.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findEngines } from '../engines.js';
import { TestDatabase } from './support/database.js';
import { Gateway, killed, newClaim, newMessageId } from './support/gateway.js';
import { Sandbox, until } from './support/sandbox.js';

const ME = '+4915112340001';
const FRIEND = '+4915112340002';
const BOT = '+12025550101'; // exists by itself, and reads when told to
const QR_WITHIN_MS = 3_000;
const FIRST_QR_WITHIN_MS = 20_000; // of a kind of host that isn't kept warm, and of a sandbox that hasn't loaded the protocol yet

for (const [engine, { abilities, hosting, stored }] of await findEngines()) {
  const isLight = hosting !== undefined; // without a browser
  describe(`engine ${engine}`, () => {
    /** @type {Sandbox} */
    let sandbox;
    /** @type {Gateway} */
    let gateway;
    /** @type {TestDatabase | null} */
    let database = null;
    const order = { engine };
    /** @param {string} name */
    const profile = (name) => path.join(gateway.data, 'gateway', 'profiles', 'sandbox', name);
    /** @param {string} id @param {string} ack */
    const acked = (id, ack) =>
      until(
        `ack ${ack}`,
        () => gateway.web.told('message.ack', (data) => data.wa_message_id === id && data.ack === ack)[0],
      );
    /** @param {string} session @param {() => Promise<void>} fault */
    const comesBack = async (session, fault) => {
      const texts = gateway.web.told('session.status', (data) => data.qr).length;
      const { since } = await gateway.session(session);
      await fault();
      await until('connected again', async () => {
        const now = await gateway.session(session);
        return now.status === 'connected' && now.since !== since;
      });
      assert.equal(
        gateway.web.told('session.status', (data) => data.qr).length,
        texts,
        'no new QR was shown',
      );
    };

    before(async () => {
      sandbox = await Sandbox.start();
      if (stored) database = await TestDatabase.start(sandbox.data);
      gateway = await Gateway.start(sandbox.data);
      for (const number of [ME, FRIEND])
        await sandbox.ok('PUT', `/phones/${number}`, { name: `Phone ${number}` });
    });
    after(async () => {
      await gateway.close();
      await database?.kill();
      await sandbox.stop();
    });

    test('shows a QR quickly and is connected once it is scanned', async () => {
      const begun = performance.now();
      const started = await gateway.put('main', order);
      assert.equal(started.status, 202);
      assert.equal(started.body.status, 'starting');
      const { qr, qr_expires_at, linked } = await gateway.status('main', 'qr', FIRST_QR_WITHIN_MS);
      assert.ok(
        performance.now() - begun < (isLight ? FIRST_QR_WITHIN_MS : QR_WITHIN_MS),
        `QR after ${performance.now() - begun} ms`,
      );
      assert.ok(Date.parse(qr_expires_at) > Date.now());
      assert.equal(linked, false);
      await sandbox.ok('POST', `/phones/${ME}/scan`, { qr });
      const session = await gateway.status('main', 'connected');
      assert.deepEqual([session.phone, session.linked], [ME, true]);
      if (!isLight) assert.equal(session.push_name, `Phone ${ME}`);
      assert.equal(session.qr, null);
      const statuses = () => gateway.web.told('session.status').map((event) => event.data.status);
      await until('web is told', () => statuses().includes('connected')); // its journal is a moment behind
      assert.deepEqual(statuses(), ['starting', 'qr', 'authenticating', 'connected']);
    });

    test('sends with the chosen id and follows it to the read tick', async () => {
      const { id, code, wa_message_id: taken } = await gateway.send('main', BOT, 'hello');
      assert.deepEqual([code, taken], [null, id]);
      await acked(id, 'delivered');
      const inbox = await sandbox.inbox(BOT);
      assert.deepEqual(
        inbox.map((/** @type {any} */ item) => [item.id, item.from, item.body]),
        [[id, ME, 'hello']],
      );
      await sandbox.ok('POST', `/phones/${BOT}/read`, {});
      await acked(id, 'read');
      const { wa_message_id, ack } = gateway.web.told('message.ack').at(-1).data;
      assert.deepEqual([wa_message_id, ack], [id, 'read']);
    });

    test('tells a number that is not on WhatsApp from one that is', async () => {
      const { code } = await gateway.send('main', '+4915199999999', 'hello');
      assert.equal(code, 'not_on_whatsapp');
    });

    test('hands on what comes in, with number and LID', async () => {
      await sandbox.ok('POST', `/phones/${FRIEND}/send`, { to: ME, text: 'answer' });
      const event = await until('message', () => gateway.web.told('message.received')[0]);
      assert.equal(event.data.chat.phone, FRIEND);
      assert.match(event.data.from.lid, /@lid$/);
      assert.deepEqual([event.data.body, event.data.kind, event.data.recovered], ['answer', 'text', false]);
    });

    test('keeps order and sends each once when many are given at the same time', async () => {
      const texts = Array.from({ length: 30 }, (_, n) => `many ${n}`);
      const answers = await Promise.all(texts.map((text) => gateway.send('main', FRIEND, text)));
      assert.ok(answers.every(({ code }) => code === null));
      const inbox = await until('all arrived', async () => {
        const arrived = await sandbox.inbox(FRIEND);
        return arrived.length >= texts.length && arrived;
      });
      assert.deepEqual(inbox.map((/** @type {any} */ item) => item.body).sort(), [...texts].sort());
      await Promise.all(answers.map(({ id }) => acked(id, 'delivered')));
    });

    test('hands one id over once, however often it is asked to', async () => {
      const wa_message_id = newMessageId();
      const again = () => gateway.send('main', BOT, 'only once', { wa_message_id });
      for (const { code } of [await again(), await again()]) assert.equal(code, null);
      const inbox = await sandbox.inbox(BOT);
      assert.equal(inbox.filter((/** @type {any} */ item) => item.id === wa_message_id).length, 1);
    });

    test('who has lost the lane hands nothing over and finds nothing', async () => {
      const body = 'from the past';
      assert.equal((await gateway.send('main', BOT, 'from the present', { claim: newClaim(2) })).code, null);
      assert.equal((await gateway.send('main', BOT, body, { claim: newClaim(1) })).code, 'stale_claim');
      assert.equal((await gateway.send('main', BOT, body, { claim: newClaim(3, -1) })).code, 'stale_claim');
      const since = new Date(Date.now() - 60_000).toISOString();
      const wanted = { claim: newClaim(1), wa_message_id: newMessageId(), to: BOT, body, since };
      assert.equal((await gateway.call('POST', '/sessions/main/find', wanted)).body.code, 'stale_claim');
      const inbox = await sandbox.inbox(BOT);
      assert.equal(inbox.filter((/** @type {any} */ item) => item.body === body).length, 0);
    });

    test('finds what went out, and nothing else', async () => {
      const { id } = await gateway.send('main', BOT, 'find me');
      const since = new Date(Date.now() - 60_000).toISOString();
      const ask = (/** @type {string} */ wa_message_id) =>
        gateway.call('POST', '/sessions/main/find', {
          claim: newClaim(),
          wa_message_id,
          to: BOT,
          body: 'find me',
          since,
        });
      const { body } = await ask(id);
      assert.deepEqual([body.found, body.wa_message_id], [true, id]);
      if (abilities.includes('resend_same_id')) return;
      assert.equal((await ask(newMessageId())).body.found, false);
    });

    if (abilities.includes('resend_same_id')) {
      test('settles what may have gone out by sending it again: it arrives once', async () => {
        const since = new Date(Date.now() - 60_000).toISOString();
        const [lost, never] = [newMessageId(), newMessageId()];
        await sandbox.ok('PUT', '/faults', { lose_acks: true });
        assert.equal(
          (await gateway.send('main', BOT, 'settle me', { wa_message_id: lost })).code,
          'outcome_unknown',
        );
        await sandbox.ok('PUT', '/faults', { lose_acks: false });
        for (const wa_message_id of [lost, lost, never, never]) {
          const wanted = { claim: newClaim(), wa_message_id, to: BOT, body: 'settle me', since };
          const { body } = await gateway.call('POST', '/sessions/main/find', wanted);
          assert.deepEqual(body, { found: true, wa_message_id, ack: 'sent' });
        }
        const inbox = await sandbox.inbox(BOT);
        const arrived = inbox.filter((/** @type {any} */ item) => item.body === 'settle me');
        assert.deepEqual(arrived.map((/** @type {any} */ item) => item.id).sort(), [lost, never].sort());
      });
    }

    test('is fenced by the epoch', async () => {
      const stale = await gateway.send('main', BOT, 'old', { epoch: 0 });
      assert.equal(stale.code, 'stale_epoch');
      const early = await gateway.send('main', BOT, 'new', { epoch: 2 });
      assert.equal(early.code, 'session_not_connected');
      const harmless = await gateway.put('main', order);
      assert.deepEqual([harmless.status, harmless.body.status], [202, 'connected']);
    });

    test('a cut connection comes back without a new QR', () =>
      comesBack('main', () => sandbox.ok('PUT', '/faults', { drop_socket: true })));

    if (!isLight) {
      test('a killed browser comes back without a new QR', () =>
        comesBack('main', async () => killed(await gateway.browser('main'), 'the browser')));
    }

    test('a killed host comes back without a new QR, and takes its browser along', () =>
      comesBack('main', async () => {
        const browser = await gateway.browser('main');
        const [host] = (await gateway.hosts()).filter((/** @type {any} */ one) => one.sessions > 0);
        await killed(host.pid, 'the host');
        if (!isLight)
          await until('its browser is gone', async () => (await gateway.browser('main')) !== browser);
      }));

    test('a killed gateway leaves no browser, and the session comes back with what came meanwhile', async () => {
      await gateway.stop('SIGKILL');
      await until('no browser is left', async () => (await gateway.browsers()).length === 0);
      await sandbox.ok('POST', `/phones/${FRIEND}/send`, { to: ME, text: 'while you were out' });
      await gateway.boot();
      assert.deepEqual((await gateway.call('GET', '/sessions')).body.items, []);
      const { body } = await gateway.put('main', order);
      assert.deepEqual([body.linked, body.phone], [true, ME]);
      await gateway.status('main', 'connected');
      await until(
        'the message',
        () => gateway.web.told('message.received', (data) => data.body === 'while you were out')[0],
      );
    });

    test('a higher epoch starts anew and keeps the login', async () => {
      const { body } = await gateway.put('main', { ...order, epoch: 2 });
      assert.deepEqual([body.status, body.epoch, body.linked], ['starting', 2, true]);
      await gateway.status('main', 'connected');
      assert.equal((await gateway.send('main', BOT, 'second lease', { epoch: 2 })).code, null);
    });

    test('stop ends everything and keeps the login', async () => {
      const { status, body } = await gateway.call('POST', '/sessions/main/stop', { epoch: 2 });
      assert.deepEqual([status, body.status, body.linked], [200, 'disconnected', true]);
      assert.deepEqual(await gateway.browsers(), []);
      assert.equal((await gateway.call('GET', '/sessions/main')).body.code, 'session_not_found');
      await gateway.put('main', { ...order, epoch: 3 });
      await gateway.status('main', 'connected');
    });

    test('unlinked on the phone: disconnected, with nothing left', async () => {
      await sandbox.ok('POST', `/phones/${ME}/unlink`, {});
      const session = await gateway.status('main', 'disconnected');
      assert.deepEqual([session.reason, session.linked], ['unlinked_on_phone', false]);
      assert.deepEqual(await gateway.browsers(), []);
      assert.equal(fs.existsSync(profile('main')), false);
    });

    test('unlinked while it was away: the same', async () => {
      await gateway.link('away', sandbox, ME, order);
      await gateway.call('POST', '/sessions/away/stop', { epoch: 1 });
      await sandbox.ok('POST', `/phones/${ME}/unlink`, {});
      await gateway.put('away', order);
      const session = await gateway.status('away', 'disconnected');
      assert.deepEqual([session.reason, session.linked], ['unlinked_on_phone', false]);
      assert.equal(fs.existsSync(profile('away')), false);
    });

    test('log-out unlinks at WhatsApp, wipes the profile, and the next QR is another one', async () => {
      await gateway.link('out', sandbox, ME, order);
      const before = gateway.web.told('session.status', (data) => data.id === 'out' && data.qr).at(-1)
        .data.qr;
      const { status, body } = await gateway.logout('out', order);
      assert.deepEqual([status, body.status, body.linked], [200, 'disconnected', false]);
      assert.equal(fs.existsSync(profile('out')), false);
      assert.deepEqual(await gateway.browsers(), []);
      assert.equal(
        (await sandbox.ok('POST', `/phones/${ME}/unlink`, {})).unlinked,
        0,
        'the phone knows of it',
      );
      await gateway.put('out', order);
      const { qr } = await gateway.status('out', 'qr');
      assert.notEqual(qr.split(',')[1], before.split(',')[1], 'the keys are new too');
      assert.equal((await gateway.logout('out', order)).body.status, 'disconnected');
    });

    test('log-out of a session that is not held wipes its profile', async () => {
      fs.mkdirSync(profile('unheld'), { recursive: true });
      const { status, body } = await gateway.logout('unheld', order);
      assert.deepEqual([status, body.status], [200, 'disconnected']);
      assert.equal(fs.existsSync(profile('unheld')), false);
    });

    test('a file that comes in is fetched when it is asked for', {
      skip: !abilities.includes('media'),
    }, async () => {
      const bytes = Buffer.from('not really a picture '.repeat(20_000));
      const letter = { to: ME, media: bytes.toString('base64'), mimetype: 'image/png', caption: 'a file' };
      await gateway.link('files', sandbox, ME, order);
      await sandbox.ok('POST', `/phones/${FRIEND}/send`, letter);
      const { data } = await until(
        'the message',
        () => gateway.web.told('message.received', ({ body }) => body === 'a file')[0],
      );
      assert.deepEqual(
        [data.kind, data.media.mimetype, data.media.size],
        ['image', 'image/png', bytes.length],
      );
      const { wa_message_id, chat, from_me } = data;
      const ask = (/** @type {number} */ max_bytes) =>
        gateway.call('POST', '/sessions/files/media', { wa_message_id, chat, from_me, max_bytes });
      assert.equal((await ask(1_000)).body.code, 'media_too_large');
      const { body } = await ask(1_000_000);
      assert.ok(fs.readFileSync(path.join(sandbox.data, 'media', 'incoming', body.file)).equals(bytes));
    });

    test('opened elsewhere: said, with the login kept, and never taken back by itself', async () => {
      await sandbox.ok('PUT', '/faults', { replace_login: true });
      const { reason, linked } = await gateway.status('files', 'failed');
      assert.deepEqual([reason, linked], ['opened_elsewhere', true]);
      await gateway.put('files', order);
      await gateway.status('files', 'connected');
      await gateway.logout('files', order);
    });

    test('links by a code', { skip: !abilities.includes('pairing_code') }, async () => {
      await gateway.put('code', { ...order, method: 'code', phone: ME });
      const { pairing_code: code } = await gateway.status('code', 'pairing');
      await sandbox.ok('POST', `/phones/${ME}/scan`, { code });
      await gateway.status('code', 'connected');
      await gateway.logout('code', order);
    });

    test('stopped while it starts: nothing is left, whenever it comes', async () => {
      for (const ms of [0, 30, 100, 200, 400]) {
        await gateway.put('hasty', order);
        await new Promise((resolve) => setTimeout(resolve, ms)); // the moment is what is tested
        const { body } = await gateway.call('POST', '/sessions/hasty/stop', { epoch: 1 });
        assert.equal(body.status, 'disconnected');
        assert.deepEqual(await gateway.browsers(), []);
      }
    });

    test('the journal is told in order, each event once', () => {
      const numbers = gateway.web.events.map(({ seq }) => seq);
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
      );
      assert.ok(gateway.web.largest <= 100);
    });

    test('ends in time and keeps the logins', async () => {
      await gateway.link('kept', sandbox, ME, order);
      const ms = await gateway.stop();
      assert.ok(ms < 8_000, `it took ${ms} ms`);
      assert.deepEqual(await gateway.browsers(), []);
      await gateway.boot();
      const { body } = await gateway.put('kept', order);
      assert.equal(body.linked, true);
      await gateway.status('kept', 'connected');
    });
  });
}
