/** The gateway's door: who may come in, what is refused, and that it is alone. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import pino from 'pino';
import { makeHttp } from '../http.js';
import { Gateway, newClaim, newMessageId } from './support/gateway.js';

const SERVER = path.join(import.meta.dirname, '..', 'server.js');

describe('http', () => {
  /** @type {Gateway} */
  let gateway;
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'wabot-gateway-'));
  before(async () => {
    gateway = await Gateway.start(data);
  });
  after(async () => {
    await gateway.close();
    fs.rmSync(data, { recursive: true });
  });

  /** @param {string} route @param {RequestInit} [init] */
  const raw = (route, init) => fetch(`http://127.0.0.1:${gateway.port}${route}`, init);

  test('healthz needs no secret and everything else does', async () => {
    const { body } = await gateway.call('GET', '/healthz');
    assert.deepEqual([body.ok, body.pid, body.hosts.length], [true, gateway.pid, 1]);
    for (const authorization of ['', 'Bearer ', 'Bearer wrong', gateway.secret]) {
      const answer = await raw('/sessions', { headers: { authorization, 'x-request-id': 'r-1' } });
      const problem = /** @type {any} */ (await answer.json());
      assert.equal(answer.status, 401);
      assert.equal(answer.headers.get('content-type')?.split(';')[0], 'application/problem+json');
      assert.deepEqual([problem.code, problem.request_id], ['unauthorized', 'r-1']);
    }
  });

  test('engines are listed with what they can do', async () => {
    const { items } = (await gateway.call('GET', '/engines')).body;
    const webjs = items.find((/** @type {any} */ item) => item.name === 'webjs');
    assert.ok(webjs.abilities.includes('pairing_code'));
  });

  test('what is not of the agreed shape is refused with a code', async () => {
    const order = { engine: 'webjs', network: 'sandbox', method: 'qr', phone: null, epoch: 1 };
    const one = {
      id: 'm',
      to: '+4915112345678',
      body: 'x',
      wa_message_id: newMessageId(),
      correlation_id: 'c',
    };
    const batch = (/** @type {object} */ change, count = 1) => ({
      epoch: 1,
      claim: newClaim(),
      messages: Array.from({ length: count }, () => ({ ...one, ...change })),
    });
    const find = {
      claim: newClaim(),
      wa_message_id: one.wa_message_id,
      to: one.to,
      body: 'x',
      since: '2026-01-31T09:00:00Z',
    };
    const cases = [
      ['PUT', '/sessions/a', { ...order, extra: 1 }, 422, 'invalid_body'],
      ['PUT', '/sessions/a', { ...order, epoch: '1' }, 422, 'invalid_body'],
      ['PUT', '/sessions/a', { ...order, network: 'moon' }, 422, 'invalid_body'],
      ['PUT', '/sessions/a', { ...order, method: 'code' }, 422, 'invalid_body'],
      ['PUT', '/sessions/a', { ...order, engine: '../webjs' }, 422, 'unknown_engine'],
      ['PUT', '/sessions/..%2fa', order, 422, 'invalid_body'],
      ['POST', '/sessions/a/batches', batch({ to: '4915' }), 422, 'invalid_body'],
      ['POST', '/sessions/a/batches', batch({ wa_message_id: 'x' }), 422, 'invalid_body'],
      ['POST', '/sessions/a/batches', batch({}, 0), 422, 'invalid_body'],
      ['POST', '/sessions/a/batches', batch({}, 26), 422, 'invalid_body'],
      ['POST', '/sessions/a/batches', { ...batch({}), claim: { epoch: 1 } }, 422, 'invalid_body'],
      ['POST', '/sessions/a/batches', batch({}), 404, 'session_not_found'],
      ['POST', '/sessions/a/find', { ...find, body: 'x'.repeat(800_000) }, 413, 'body_too_large'],
      ['POST', '/sessions/a/find', find, 404, 'session_not_found'],
      ['POST', '/sessions/a/messages', one, 404, 'not_found'],
      ['GET', '/sessions/a', undefined, 404, 'session_not_found'],
      ['GET', '/nothing', undefined, 404, 'not_found'],
    ];
    for (const [method, route, body, status, code] of /** @type {any[]} */ (cases)) {
      const answer = await gateway.call(method, route, body);
      assert.deepEqual([answer.status, answer.body.code], [status, code], `${method} ${route}`);
    }
    const torn = await raw('/sessions/a', {
      method: 'PUT',
      headers: { authorization: `Bearer ${gateway.secret}`, 'content-type': 'application/json' },
      body: '{"engine":',
    });
    assert.equal(torn.status, 400);
  });

  test('the longest text is taken, escaped as Python escapes an emoji, and a whole batch of them', async () => {
    const [claim, to, body, wa_message_id] = [newClaim(), '+491511234567890', 'TEXT', 'A'.repeat(40)];
    const one = { id: 'm'.repeat(64), to, body, wa_message_id, correlation_id: 'c'.repeat(128) };
    const calls = {
      find: { claim, wa_message_id, to, body, since: '2026-01-31T09:00:00.000000+00:00' },
      batches: { epoch: Number.MAX_SAFE_INTEGER, claim, messages: Array(25).fill(one) },
    };
    for (const [call, asked] of Object.entries(calls)) {
      const answer = await raw(`/sessions/a/${call}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.secret}`, 'content-type': 'application/json' },
        body: JSON.stringify(asked).replaceAll('TEXT', '\\ud83d\\ude00'.repeat(65_536)),
      });
      assert.equal(/** @type {any} */ (await answer.json()).code, 'session_not_found', call);
    }
  });

  test('no call is cut off while web still waits for its answer', async () => {
    const client = path.join(import.meta.dirname, '..', '..', 'wabot', 'lib', 'gateway.py');
    const deadlines = fs.readFileSync(client, 'utf8').matchAll(/^[A-Z]+_TIMEOUT = ([\d.]+)$/gm);
    const longest = Math.max(...[...deadlines].map(([, seconds]) => Number(seconds)));
    assert.ok(longest >= 90, 'they are found');
    const config = { gatewaySecret: 'secret' };
    const app = makeHttp(/** @type {any} */ ({ config, log: pino({ level: 'silent' }) }));
    const { timeout } = app.server; // ms without a byte in either direction
    await app.close();
    assert.ok(timeout > longest * 1_000, `${timeout}`);
  });

  test('a second gateway on the same data refuses to start', async () => {
    const env = { ...process.env, WABOT_DATA: data, GATEWAY_PORT: '1', WABOT_INTERNAL_URL: gateway.web.url };
    const child = spawn(process.execPath, [SERVER], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const [code] = await once(child, 'exit');
    assert.equal(code, 1);
    assert.match(output, /another gateway runs/);
  });

  test('a bad setting refuses to start, by name', async () => {
    const env = {
      ...process.env,
      WABOT_DATA: data,
      GATEWAY_PORT: 'many',
      WABOT_INTERNAL_URL: gateway.web.url,
    };
    const child = spawn(process.execPath, [SERVER], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await once(child, 'exit');
    assert.match(output, /GATEWAY_PORT/);
  });

  test('no log line holds a secret', () => {
    const log = gateway.log.join('');
    assert.ok(log.includes('"correlation_id"'));
    assert.equal(log.includes(gateway.secret) || log.includes(gateway.web.secret), false);
  });
});
