/** How a login ends, and what is left of it. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../support/sandbox.js';
import { ME } from './bench.js';

/** @param {import('./bench.js').Bench} at */
export function ends(at) {
  test('unlinked on the phone: disconnected, with nothing left', async () => {
    await at.sandbox.ok('POST', `/phones/${ME}/unlink`, {});
    const session = await at.gateway.status('main', 'disconnected');
    assert.deepEqual([session.reason, session.linked], ['unlinked_on_phone', false]);
    assert.deepEqual(await at.gateway.browsers(), []);
    assert.equal(fs.existsSync(at.profile('main')), false);
  });

  test('unlinked on the phone while it was away: disconnected at the next start, with nothing left', async () => {
    await at.gateway.link('away', at.sandbox, ME, at.order);
    await at.gateway.call('POST', '/sessions/away/stop', { epoch: 1 });
    await at.sandbox.ok('POST', `/phones/${ME}/unlink`, {});
    await at.gateway.put('away', at.order);
    const session = await at.gateway.status('away', 'disconnected');
    assert.deepEqual([session.reason, session.linked], ['unlinked_on_phone', false]);
    assert.equal(fs.existsSync(at.profile('away')), false);
  });

  test('log-out unlinks at WhatsApp, wipes the profile, and the next QR is another one', async () => {
    await at.gateway.link('out', at.sandbox, ME, at.order);
    const before = at.gateway.web.told('session.status', (data) => data.id === 'out' && data.qr).at(-1)
      .data.qr;
    const { status, body } = await at.gateway.logout('out', at.order);
    assert.deepEqual([status, body.status, body.linked], [200, 'disconnected', false]);
    assert.equal(fs.existsSync(at.profile('out')), false);
    assert.deepEqual(await at.gateway.browsers(), []);
    assert.equal(
      (await at.sandbox.ok('POST', `/phones/${ME}/unlink`, {})).unlinked,
      0,
      'the phone knows of it',
    );
    await at.gateway.put('out', at.order);
    const { qr } = await at.gateway.status('out', 'qr');
    assert.notEqual(qr.split(',')[1], before.split(',')[1], 'the keys are new too');
    assert.equal((await at.gateway.logout('out', at.order)).body.status, 'disconnected');
  });

  test('log-out of a session that is not held wipes its profile', async () => {
    fs.mkdirSync(at.profile('unheld'), { recursive: true });
    const { status, body } = await at.gateway.logout('unheld', at.order);
    assert.deepEqual([status, body.status], [200, 'disconnected']);
    assert.equal(fs.existsSync(at.profile('unheld')), false);
  });

  if (at.abilities.includes('pairing_code')) {
    test('links by a code', async () => {
      await at.gateway.put('code', { ...at.order, method: 'code', phone: ME });
      const { pairing_code: code } = await at.gateway.status('code', 'pairing');
      await at.sandbox.ok('POST', `/phones/${ME}/scan`, { code });
      await at.gateway.status('code', 'connected');
      await at.gateway.logout('code', at.order);
    });
  }

  test('a connection that is cut while a code is shown: another code, and nobody is said not to have scanned', async () => {
    await at.gateway.put('cut', at.order);
    const before = await at.gateway.status('cut', 'qr');
    await at.sandbox.ok('PUT', '/faults', { drop_socket: true });
    const after = await until('another code is shown', async () => {
      const session = await at.gateway.session('cut');
      assert.notEqual(session.status, 'disconnected', session.reason);
      return session.qr && session.qr !== before.qr && session;
    });
    assert.ok(Date.parse(after.qr_expires_at) > Date.now() + 50_000, 'for as long as a first one');
    await at.gateway.logout('cut', at.order);
  });

  test('stopped while it starts: nothing is left, whenever it comes', async () => {
    for (const ms of [0, 30, 100, 200, 400]) {
      await at.gateway.put('hasty', at.order);
      await new Promise((resolve) => setTimeout(resolve, ms)); // the moment is what is tested
      const { body } = await at.gateway.call('POST', '/sessions/hasty/stop', { epoch: 1 });
      assert.equal(body.status, 'disconnected');
      assert.deepEqual(await at.gateway.browsers(), []);
    }
  });

  test('the journal is told in order, each event once', () => {
    const numbers = at.gateway.web.events.map(({ seq }) => seq);
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
    assert.ok(at.gateway.web.largest <= 100);
  });

  test('ends in time and keeps the logins', async () => {
    await at.gateway.link('kept', at.sandbox, ME, at.order);
    const ms = await at.gateway.stop();
    assert.ok(ms < 8_000, `it took ${ms} ms`);
    assert.deepEqual(await at.gateway.browsers(), []);
    await at.gateway.boot();
    const { body } = await at.gateway.put('kept', at.order);
    assert.equal(body.linked, true);
    await at.gateway.status('kept', 'connected');
  });
}
