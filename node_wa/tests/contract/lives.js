/** One login through many lives: connections, hosts, browsers and gateways come and go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killed } from '../support/gateway.js';
import { until } from '../support/sandbox.js';
import { BOT, FRIEND, ME } from './bench.js';

/** @param {import('./bench.js').Bench} at */
export function lives(at) {
  test('is fenced by the epoch', async () => {
    const stale = await at.gateway.send('main', BOT, 'old', { epoch: 0 });
    assert.equal(stale.code, 'stale_epoch');
    const early = await at.gateway.send('main', BOT, 'new', { epoch: 2 });
    assert.equal(early.code, 'session_not_connected');
    const harmless = await at.gateway.put('main', at.order);
    assert.deepEqual([harmless.status, harmless.body.status], [202, 'connected']);
  });

  test('a cut connection comes back without a new QR', () =>
    at.comesBack('main', () => at.sandbox.ok('PUT', '/faults', { drop_socket: true })));

  if (!at.isLight) {
    test('a killed browser comes back without a new QR', () =>
      at.comesBack('main', async () => killed(await at.gateway.browser('main'), 'the browser')));
  }

  test('a killed host comes back without a new QR, and takes its browser along', () =>
    at.comesBack('main', async () => {
      const browser = await at.gateway.browser('main');
      const [host] = (await at.gateway.hosts()).filter((/** @type {any} */ one) => one.sessions > 0);
      await killed(host.pid, 'the host');
      if (!at.isLight)
        await until('its browser is gone', async () => (await at.gateway.browser('main')) !== browser);
    }));

  test('a killed gateway leaves no browser, and the session comes back with what came meanwhile', async () => {
    await at.gateway.stop('SIGKILL');
    await until('no browser is left', async () => (await at.gateway.browsers()).length === 0);
    await at.sandbox.ok('POST', `/phones/${FRIEND}/send`, { to: ME, text: 'while you were out' });
    await at.gateway.boot();
    assert.deepEqual((await at.gateway.call('GET', '/sessions')).body.items, []);
    const { body } = await at.gateway.put('main', at.order);
    assert.deepEqual([body.linked, body.phone], [true, ME]);
    await at.gateway.status('main', 'connected');
    await until(
      'the message',
      () => at.gateway.web.told('message.received', (data) => data.body === 'while you were out')[0],
    );
  });

  test('a higher epoch starts anew and keeps the login', async () => {
    const { body } = await at.gateway.put('main', { ...at.order, epoch: 2 });
    assert.deepEqual([body.status, body.epoch, body.linked], ['starting', 2, true]);
    await at.gateway.status('main', 'connected');
    assert.equal((await at.gateway.send('main', BOT, 'second lease', { epoch: 2 })).code, null);
  });

  test('stop ends everything and keeps the login', async () => {
    const { status, body } = await at.gateway.call('POST', '/sessions/main/stop', { epoch: 2 });
    assert.deepEqual([status, body.status, body.linked], [200, 'disconnected', true]);
    assert.deepEqual(await at.gateway.browsers(), []);
    assert.equal((await at.gateway.call('GET', '/sessions/main')).body.code, 'session_not_found');
    await at.gateway.put('main', { ...at.order, epoch: 3 });
    await at.gateway.status('main', 'connected');
  });

  test('opened elsewhere: said, with the login kept, and never taken back by itself', async () => {
    await at.sandbox.ok('PUT', '/faults', { replace_login: true });
    const { reason, linked } = await at.gateway.status('main', 'failed');
    assert.deepEqual([reason, linked], ['opened_elsewhere', true]);
    await at.gateway.put('main', { ...at.order, epoch: 3 });
    await at.gateway.status('main', 'connected');
  });
}
