/** The control API by itself: what it refuses and how, and how the process comes and goes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { Sandbox, until } from './support/sandbox.js';

const ALICE = '12025550101';
const STRANGER = '491512345678';

/** @type {Sandbox} */
let sandbox;

before(async () => {
  sandbox = await Sandbox.start();
});

after(() => sandbox.stop());

/**
 * A request with headers that fetch would not let through.
 *
 * @param {Record<string, string>} headers
 * @returns {Promise<number | undefined>}
 */
async function statusWith(headers) {
  const request = http.get({ host: '127.0.0.1', port: sandbox.port, path: '/phones', headers });
  const [response] = await once(request, 'response');
  response.resume();
  return response.statusCode;
}

test('web pages and foreign host names are refused', async () => {
  for (const origin of ['https://evil.example', 'null', `http://127.0.0.1:${sandbox.port}`, '']) {
    assert.equal(await statusWith({ origin }), 403, `Origin: ${origin}`);
  }
  for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:80', '192.168.1.1']) {
    assert.equal(await statusWith({ host }), 403, `Host: ${host}`);
  }
  for (const host of ['127.0.0.1', `localhost:${sandbox.port}`, '[::1]:8090', '127.9.9.9']) {
    assert.equal(await statusWith({ host }), 200, `Host: ${host}`);
  }
  const { type, body } = await sandbox.call('GET', '/phones', undefined, { origin: 'https://evil.example' });
  assert.match(type, /^application\/problem\+json/);
  assert.deepEqual([body.status, body.code], [403, 'origin_refused']);
  assert.ok(body.request_id);
});

test('phones are made, renamed and listed', async () => {
  const made = await sandbox.ok('PUT', `/phones/+${STRANGER}`, { name: 'Stranger' });
  assert.deepEqual(Object.keys(made), ['number', 'name', 'lid', 'devices']);
  assert.deepEqual([made.number, made.name, made.devices], [`+${STRANGER}`, 'Stranger', []]);
  assert.match(made.lid, /^\d+@lid$/);
  assert.deepEqual(await sandbox.ok('PUT', `/phones/${STRANGER}`), made, 'a name left out is kept');
  assert.deepEqual(await sandbox.ok('GET', `/phones/%2B${STRANGER}`), made);
  assert.deepEqual(await sandbox.ok('GET', '/phones'), [made]);
});

test('numbers +1 202 55x xxxx exist without being made, others do not', async () => {
  assert.deepEqual(await sandbox.inbox(`+${ALICE}`), []);
  assert.equal(
    (await sandbox.call('POST', `/phones/${ALICE}/send`, { to: STRANGER, text: 'hi' })).status,
    201,
  );
  assert.deepEqual((await sandbox.inbox(STRANGER))[0].from, `+${ALICE}`);
  assert.equal((await sandbox.ok('GET', '/phones')).length, 1);
  for (const [method, route, body] of [
    ['GET', '/phones/4915100000', undefined],
    ['GET', '/phones/4915100000/inbox', undefined],
    ['GET', '/phones/12025650101/chats', undefined],
    ['POST', '/phones/4915100000/send', { to: ALICE, text: 'x' }],
    ['POST', '/phones/4915100000/read', undefined],
    ['POST', '/phones/4915100000/unlink', undefined],
    ['POST', '/phones/4915100000/scan', { qr: 'x' }],
  ]) {
    const answer = await sandbox.call(String(method), String(route), body);
    assert.deepEqual([answer.status, answer.body.code], [404, 'phone_not_found'], String(route));
  }
});

test('bodies that are wrong are refused by the name of the field', async () => {
  const send = `/phones/${ALICE}/send`;
  /** @type {[string, string, unknown, string | undefined][]} */
  const cases = [
    ['POST', send, {}, 'to'],
    ['POST', send, { to: STRANGER }, 'text'],
    ['POST', send, { to: STRANGER, text: '' }, 'text'],
    ['POST', send, { to: STRANGER, text: 5 }, 'text'],
    ['POST', send, { to: STRANGER, text: 'x'.repeat(65_537) }, 'text'],
    ['POST', send, { to: '12', text: 'x' }, 'to'],
    ['POST', send, { to: STRANGER, text: 'x', more: 1 }, 'more'],
    ['POST', send, { to: STRANGER, media: '!!' }, 'media'],
    ['POST', send, { to: STRANGER, media: 'aGk=', kind: 'text' }, 'kind'],
    ['POST', send, { to: STRANGER, media: 'aGk=', mimetype: 'text/html\r\nx: y' }, 'mimetype'],
    ['POST', send, [], undefined],
    ['PUT', '/phones/12ab', {}, 'number'],
    ['PUT', `/phones/${ALICE}`, { name: '' }, 'name'],
    ['PUT', `/phones/${ALICE}`, { name: 'x'.repeat(101) }, 'name'],
    ['POST', `/phones/${ALICE}/scan`, {}, 'qr'],
    ['POST', `/phones/${ALICE}/scan`, { qr: 'a', code: 'b' }, 'qr'],
    ['POST', `/phones/${ALICE}/scan`, { image: 'bm8gcGljdHVyZQ==' }, 'image'],
    ['PUT', '/faults', { web_profile: 'tomorrow' }, 'web_profile'],
    ['PUT', '/faults', { ack_delay_ms: -1 }, 'ack_delay_ms'],
    ['PUT', '/faults', { ack_delay_ms: '5' }, 'ack_delay_ms'],
    ['PUT', '/faults', { lose_ack: true }, 'lose_ack'],
  ];
  for (const [method, route, body, field] of cases) {
    const answer = await sandbox.call(method, route, body);
    assert.deepEqual(
      [answer.status, answer.body.field],
      [422, field],
      `${route} ${JSON.stringify(body).slice(0, 60)}`,
    );
    assert.match(answer.type, /^application\/problem\+json/);
  }
});

test('a body that is no JSON, or too large, is refused', async () => {
  const headers = { 'content-type': 'application/json' };
  const route = `/phones/${ALICE}/scan`;
  const answer = await fetch(`http://127.0.0.1:${sandbox.port}${route}`, {
    method: 'POST',
    headers,
    body: '{"qr":',
  });
  assert.equal(answer.status, 422);
  const large = { ...headers, 'content-length': 13 * 1024 * 1024 };
  const request = http.request({
    host: '127.0.0.1',
    port: sandbox.port,
    path: route,
    method: 'POST',
    headers: large,
  });
  request.flushHeaders();
  const [response] = await once(request, 'response');
  assert.equal(response.statusCode, 413);
  request.on('error', () => {}).destroy();
  assert.equal((await sandbox.call('GET', '/nowhere')).status, 404);
});

test('reading: one message, all, or one that is not there', async () => {
  await sandbox.ok('POST', '/reset');
  const { id } = await sandbox.ok('POST', '/phones/12025550102/send', { to: ALICE, text: 'one' });
  await sandbox.ok('POST', '/phones/12025550102/send', { to: ALICE, text: 'two' });
  const [chat] = await sandbox.ok('GET', `/phones/${ALICE}/chats`);
  assert.deepEqual([chat.with, chat.unread, chat.messages.length], ['+12025550102', 2, 2]);
  assert.deepEqual(await sandbox.ok('POST', `/phones/${ALICE}/read`, { id }), { read: 1 });
  assert.deepEqual(await sandbox.ok('POST', `/phones/${ALICE}/read`), { read: 1 });
  assert.equal((await sandbox.call('POST', `/phones/${ALICE}/read`, { id: 'nothing' })).status, 404);
  const [mine] = await sandbox.ok('GET', '/phones/12025550102/chats');
  assert.deepEqual(
    mine.messages.map((/** @type {any} */ m) => [m.from_me, m.body, m.ack]),
    [
      [true, 'one', 3],
      [true, 'two', 3],
    ],
  );
});

test('faults are replaced as a whole', async () => {
  await sandbox.ok('PUT', '/faults', { ack_delay_ms: 100, lose_acks: true });
  const now = await sandbox.ok('PUT', '/faults', { expire_qr_ms: 500 });
  assert.deepEqual(now, {
    drop_socket: false,
    refuse_connections: false,
    ack_delay_ms: 0,
    lose_acks: false,
    page_hang: false,
    lose_media: false,
    media_delay_ms: 0,
    hide_numbers: false,
    web_profile: 'today',
    slow_sync: false,
    expire_qr_ms: 500,
    stall_stanza: '',
    damage_message: false,
    replay_message: false,
    ask_again: 0,
    refuse_login: 0,
    replace_login: false,
  });
});

test('it listens on loopback only, says so, and stops within a second', async () => {
  const { pid, page_port } = sandbox.run;
  const health = await sandbox.ok('GET', '/healthz');
  assert.deepEqual([health.ok, health.pid], [true, pid]);
  assert.ok(page_port > 0);
  const socket = http.get({
    host: '127.0.0.1',
    port: sandbox.port,
    path: '/phones',
    agent: new http.Agent({ keepAlive: true }),
  });
  socket.on('error', () => {});
  await once(socket, 'response');
  const started = Date.now();
  assert.equal(await sandbox.end('SIGTERM'), 0);
  assert.ok(Date.now() - started < 1_000);
  await sandbox.boot();
  assert.equal(sandbox.run.page_port, page_port);
});

test('killed in the middle of everything, it has all that it answered, once', async () => {
  await sandbox.ok('POST', '/reset');
  /** @type {Set<string>} */
  const answered = new Set();
  for (let round = 1; round <= 3; round += 1) {
    const writers = Array.from({ length: 8 }, (_, i) => writeUntilKilled(`1202555011${i}`, answered));
    await until('some are answered', () => answered.size > round * 150);
    await sandbox.end('SIGKILL');
    await Promise.all(writers);
    await sandbox.boot();
  }
  const arrived = (await sandbox.inbox(ALICE)).map((/** @type {{id: string}} */ message) => message.id);
  assert.equal(new Set(arrived).size, arrived.length);
  assert.deepEqual(
    [...answered].filter((id) => !arrived.includes(id)),
    [],
  );
});

/**
 * @param {string} from
 * @param {Set<string>} answered
 */
async function writeUntilKilled(from, answered) {
  for (;;) {
    try {
      answered.add(
        (await sandbox.ok('POST', `/phones/${from}/send`, { to: ALICE, text: 'still there?' })).id,
      );
    } catch (error) {
      assert.match(String(error), /fetch failed|other side closed|terminated/);
      return;
    }
  }
}

test('a second one on the same directory does not start', async () => {
  const server = path.join(import.meta.dirname, '..', 'sandbox', 'server.js');
  const env = { ...process.env, WABOT_DATA: sandbox.data, SANDBOX_PORT: '0' };
  const second = spawn(process.execPath, [server], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [[line], [code]] = await Promise.all([once(second.stdout, 'data'), once(second, 'exit')]);
  assert.equal(code, 1);
  assert.match(String(line), /another sandbox already runs/);
  assert.equal((await sandbox.ok('GET', '/healthz')).ok, true);
});
