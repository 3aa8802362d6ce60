/** What goes wrong on the real site and on real machines, and what a session says and does then. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Gateway, killed, newClaim } from './support/gateway.js';
import { Sandbox, until } from './support/sandbox.js';

const ME = '+4915112350001';
const BOT = '+12025550111';

/** Patience cut short where waiting is what is tested. */
const SHORT = {
  WA_QR_ROTATIONS: '2',
  WA_LOAD_TIMEOUT_MS: '3000',
  WA_SYNC_GRACE_MS: '1500',
  WA_SYNC_TIMEOUT_MS: '4000',
  WA_CONNECTION_GRACE_MS: '2000',
  WA_RESTART_BUDGET: '2',
  WA_JOURNAL_LIMIT: '60',
};

describe('webjs faults', () => {
  /** @type {Sandbox} */
  let sandbox;
  /** @type {Gateway} */
  let gateway;
  /** @param {object} faults */
  const fault = (faults) => sandbox.ok('PUT', '/faults', faults);
  const noBrowser = () => until('no browser is left', async () => (await gateway.browsers()).length === 0);
  /** @param {string} id @param {string} reason */
  const told = (id, reason) =>
    until(
      `${id} tells ${reason}`,
      () => gateway.web.told('session.status', (data) => data.id === id && data.reason === reason)[0],
    );

  before(async () => {
    sandbox = await Sandbox.start();
    gateway = await Gateway.start(sandbox.data, SHORT);
  });
  afterEach(async () => {
    await fault({});
    for (const { id, network } of (await gateway.call('GET', '/sessions')).body.items)
      await gateway.logout(id, { network, epoch: 9 });
    await noBrowser();
  });
  after(async () => {
    await gateway.close();
    await sandbox.stop();
  });

  test('nobody scans: stopped with the reason, and the browser is freed', async () => {
    await fault({ expire_qr_ms: 300 });
    await gateway.put('idle');
    const session = await gateway.status('idle', 'disconnected');
    assert.equal(session.reason, 'qr_not_scanned');
    await noBrowser();
    await fault({});
    await gateway.put('idle');
    await gateway.status('idle', 'qr');
  });

  for (const end of ['stop', 'logout'])
    test(`started again while ${end} is under way: no end of the new life is told`, async () => {
      const id = `again-after-${end}`;
      await gateway.put(id);
      await gateway.status(id, 'qr');
      const order = end === 'stop' ? { epoch: 1 } : { engine: 'webjs', network: 'sandbox', epoch: 1 };
      const ending = gateway.call('POST', `/sessions/${id}/${end}`, order);
      await gateway.session(id); // it has been heard
      await gateway.put(id, { epoch: 2 });
      assert.equal((await ending).status, 200);
      await gateway.status(id, 'qr');
      assert.equal((await gateway.session(id)).epoch, 2);
      const ends = gateway.web.told(
        'session.status',
        (data) => data.id === id && data.status === 'disconnected',
      );
      assert.deepEqual(ends, []);
    });

  test('no internet at all: failed with the reason in time, and nothing left', async () => {
    await gateway.put('live', { network: 'live' });
    const session = await gateway.status('live', 'failed', 20_000);
    assert.equal(session.reason, 'whatsapp_unreachable');
    await noBrowser();
  });

  test('WhatsApp refuses everybody: failed when never linked', async () => {
    await fault({ refuse_connections: true });
    await gateway.put('never');
    assert.equal((await gateway.status('never', 'failed', 20_000)).reason, 'whatsapp_unreachable');
    await noBrowser();
  });

  test('WhatsApp is away: a linked session keeps trying and comes back', async () => {
    await gateway.link('away', sandbox, ME);
    await gateway.call('POST', '/sessions/away/stop', { epoch: 1 });
    await fault({ refuse_connections: true });
    await gateway.put('away');
    const session = await gateway.status('away', 'reconnecting', 20_000);
    assert.deepEqual([session.reason, session.linked], ['whatsapp_unreachable', true]);
    await fault({});
    await gateway.status('away', 'connected');
  });

  test('a lost connection is told, takes sends back, and mends', async () => {
    await gateway.link('drop', sandbox, ME);
    await fault({ drop_socket: true, refuse_connections: true });
    assert.equal((await gateway.status('drop', 'reconnecting')).reason, 'connection_lost');
    assert.equal((await gateway.send('drop', BOT, 'not now')).code, 'session_not_connected');
    await fault({});
    await gateway.status('drop', 'connected');
  });

  test('a hung page is noticed and replaced', async () => {
    await gateway.link('hung', sandbox, ME);
    await fault({ page_hang: true });
    await told('hung', 'page_hung');
    await gateway.status('hung', 'connected');
    assert.equal((await gateway.send('hung', BOT, 'back again')).code, null);
  });

  test('a crashed page is noticed and replaced', async () => {
    await gateway.link('crashed', sandbox, ME);
    const renderer = await gateway.renderer('crashed');
    await killed(renderer, 'the renderer');
    await told('crashed', 'page_crashed');
    await gateway.status('crashed', 'connected');
  });

  test('web is away for long: sessions rest before events pile up, nothing is lost', async () => {
    await gateway.link('rest', sandbox, ME);
    gateway.web.refuse = 503;
    /** @type {string[]} */
    const sent = [];
    for (;;) {
      const { code, id } = await gateway.send('rest', BOT, 'pile up');
      if (code) {
        assert.ok(['journal_full', 'session_not_connected'].includes(code), code);
        break;
      }
      sent.push(id);
    }
    const session = await gateway.status('rest', 'reconnecting');
    assert.deepEqual([session.reason, session.linked], ['events_backed_up', true]);
    await noBrowser();
    gateway.web.refuse = null;
    await gateway.status('rest', 'connected');
    const acked = (/** @type {string} */ id) =>
      gateway.web.told('message.ack', (data) => data.wa_message_id === id && data.ack !== 'pending')[0];
    await until('every tick', () => sent.every(acked));
  });

  test('a send that gets no answer is unknown, and nothing goes out later', async () => {
    await gateway.link('mute', sandbox, ME);
    const { id } = await gateway.send('mute', BOT, 'first');
    await fault({ page_hang: true });
    const { code } = await gateway.send('mute', BOT, 'into the void');
    assert.ok(code === 'outcome_unknown' || code === 'session_not_connected', `${code}`);
    await gateway.status('mute', 'connected', 20_000);
    assert.equal(
      (await sandbox.inbox(BOT)).filter((/** @type {any} */ item) => item.body === 'into the void').length,
      0,
    );
    assert.ok(id);
  });

  for (const web_profile of [
    'legacy',
    'early_sync',
    'indexed_by_other_address',
    'module_missing',
    'no_sync_signal',
  ]) {
    test(`the site as in "${web_profile}" works all the same`, async () => {
      await fault({ web_profile });
      await gateway.link('site', sandbox, ME);
      const { code, id } = await gateway.send('site', BOT, `on ${web_profile}`);
      assert.equal(code, null);
      await until(
        'its tick',
        () =>
          gateway.web.told('message.ack', (data) => data.wa_message_id === id && data.ack === 'delivered')[0],
      );
      await sandbox.ok('PUT', '/phones/+4915112350002', { name: 'Friend' });
      await sandbox.ok('POST', '/phones/+4915112350002/send', { to: ME, text: `answer on ${web_profile}` });
      await until(
        'the answer',
        () => gateway.web.told('message.received', (data) => data.body === `answer on ${web_profile}`)[0],
      );
      const since = new Date(Date.now() - 60_000).toISOString();
      const found = await gateway.call('POST', '/sessions/site/find', {
        claim: newClaim(),
        wa_message_id: id,
        to: BOT,
        body: 'x',
        since,
      });
      assert.equal(found.body.found, true);
    });
  }

  test('a site that gives messages ids of its own: unknown, and found by the text', async () => {
    await fault({ web_profile: 'own_ids' });
    await gateway.link('own', sandbox, ME);
    const since = new Date(Date.now() - 60_000).toISOString();
    const { code, id } = await gateway.send('own', BOT, 'whose is it');
    assert.equal(code, 'outcome_unknown');
    const find = (/** @type {string} */ body) => {
      const wanted = { claim: newClaim(), wa_message_id: id, to: BOT, body, since };
      return gateway.call('POST', '/sessions/own/find', wanted);
    };
    const { body: answer } = await find('whose is it');
    assert.equal(answer.found, false);
    assert.equal(answer.alike.length, 1);
    assert.notEqual(answer.alike[0].wa_message_id, id);
    assert.deepEqual((await find('another text')).body, { found: false, alike: [] });
  });

  test('a site whose stores never appear is a reason, not a false "connected"', async () => {
    await fault({ web_profile: 'store_missing' });
    await sandbox.ok('PUT', `/phones/${ME}`, { name: 'Me' });
    await gateway.put('changed');
    const { qr } = await gateway.status('changed', 'qr');
    await sandbox.ok('POST', `/phones/${ME}/scan`, { qr });
    const session = await gateway.status('changed', 'failed', 20_000);
    assert.equal(session.reason, 'whatsapp_changed');
    await noBrowser();
  });

  test('a slow sync is "authenticating" until it is done', async () => {
    await fault({ slow_sync: 1200 });
    await sandbox.ok('PUT', `/phones/${ME}`, { name: 'Me' });
    await gateway.put('slow');
    const { qr } = await gateway.status('slow', 'qr');
    await sandbox.ok('POST', `/phones/${ME}/scan`, { qr });
    await gateway.status('slow', 'authenticating');
    await gateway.status('slow', 'connected');
  });

  test('acks that are late still come, after another start too', async () => {
    await gateway.link('late', sandbox, ME);
    await fault({ lose_acks: true });
    const { id } = await gateway.send('late', BOT, 'tick later');
    await until('it arrived', async () =>
      (await sandbox.inbox(BOT)).some((/** @type {any} */ item) => item.id === id),
    );
    await fault({});
    await gateway.put('late', { epoch: 2 });
    await gateway.status('late', 'connected');
    await until(
      'its tick',
      () =>
        gateway.web.told('message.ack', (data) => data.wa_message_id === id && data.ack === 'delivered')[0],
    );
  });
});
