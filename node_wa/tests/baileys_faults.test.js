/** The light engine when WhatsApp, the database or a stored login misbehaves: it recovers, or says by name why not. It never hangs. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { TestDatabase } from './support/database.js';
import { Gateway, newClaim, newMessageId } from './support/gateway.js';
import { Sandbox, until } from './support/sandbox.js';

const ME = '+4915112340001';
const FRIEND = '+4915112340002';
const BOT = '+12025550101';
const LONG_MS = 30_000;
const IMPATIENT = {
  WA_LOAD_TIMEOUT_MS: '5000',
  WA_ACK_TIMEOUT_MS: '1500',
  WA_CONNECTION_GRACE_MS: '8000',
  WA_DATABASE_DEADLINE_MS: '4000',
  LOG_LEVEL: 'debug',
};
const QUIET = {};

describe('engine baileys in bad times', () => {
  /** @type {Sandbox} */
  let sandbox;
  /** @type {TestDatabase} */
  let database;
  /** @type {Gateway} */
  let gateway;
  const order = { engine: 'baileys' };
  /** @param {object} fault */
  const faults = (fault) => sandbox.ok('PUT', '/faults', fault);
  /** @param {string} text */
  const write = (text) => sandbox.ok('POST', `/phones/${FRIEND}/send`, { to: ME, text });
  /** @param {string} text */
  const told = (text) => gateway.web.told('message.received', (data) => data.body === text);
  /** @param {string} text */
  const isTold = (text) => until(`“${text}” is told`, () => told(text)[0], LONG_MS);
  /** @param {string} number @param {string} text */
  const arrived = async (number, text) =>
    (await sandbox.inbox(number)).filter((/** @type {any} */ one) => one.body === text).length;
  /** @param {number} code @returns {{time: string}[]} ends of connections */
  const closings = (code) => {
    const lines = gateway.log
      .join('')
      .split('\n')
      .filter((line) => line.includes(`"code":${code},`));
    return lines.map((line) => JSON.parse(line));
  };
  const connected = () => gateway.status('main', 'connected', LONG_MS);
  /** @param {string} wa_message_id @param {string} body */
  const find = (wa_message_id, body) => {
    const since = new Date(Date.now() - 60_000).toISOString();
    const wanted = { claim: newClaim(), wa_message_id, to: BOT, body, since };
    return gateway.call('POST', '/sessions/main/find', wanted);
  };

  before(async () => {
    sandbox = await Sandbox.start();
    database = await TestDatabase.start(sandbox.data);
    gateway = await Gateway.start(sandbox.data);
    await gateway.link('main', sandbox, ME, order);
    await sandbox.ok('PUT', `/phones/${FRIEND}`, { name: 'Friend' });
    await gateway.stop();
    gateway.env = IMPATIENT; // only now: until it is linked both sides have to load the library
    await gateway.boot();
    await gateway.put('main', order);
    await connected();
  });
  afterEach(() => faults(QUIET));
  after(async () => {
    await gateway.close();
    await database.kill();
    await sandbox.stop();
  });

  test('a message that can not be opened comes again, and is told once', async () => {
    await faults({ damage_message: true });
    await write('damaged on its way');
    await isTold('damaged on its way');
    await faults(QUIET);
    await write('whole');
    await isTold('whole');
    assert.equal(told('damaged on its way').length, 1);
  });

  test('a stanza that is replayed is told once, and what follows is heard', async () => {
    await faults({ replay_message: true });
    for (const text of ['replayed 1', 'replayed 2']) await write(text);
    await isTold('replayed 2');
    await faults(QUIET);
    await write('after the replays');
    await isTold('after the replays');
    assert.deepEqual([told('replayed 1').length, told('replayed 2').length], [1, 1]);
  });

  test('a phone that could not open ours is sent it again', async () => {
    await faults({ ask_again: 2 });
    assert.equal((await gateway.send('main', FRIEND, 'once more please')).code, null);
    await until('it arrived', async () => (await arrived(FRIEND, 'once more please')) === 1, LONG_MS);
    await faults(QUIET);
    assert.equal((await gateway.send('main', FRIEND, 'and another')).code, null);
    await until('it arrived', async () => (await arrived(FRIEND, 'and another')) === 1);
  });

  test('a server that says nothing to a message: unknown, and settled by the same id', async () => {
    const wa_message_id = newMessageId();
    await faults({ stall_stanza: 'message' });
    assert.equal((await gateway.send('main', BOT, 'stalled', { wa_message_id })).code, 'outcome_unknown');
    assert.equal((await find(wa_message_id, 'stalled')).body.code, 'outcome_unknown');
    await faults(QUIET);
    assert.equal((await find(wa_message_id, 'stalled')).body.found, true);
    assert.equal(await arrived(BOT, 'stalled'), 1);
  });

  test('a server that confirms late: told when it does', async () => {
    await faults({ ack_delay_ms: 2_500 });
    const { id, code } = await gateway.send('main', BOT, 'confirmed late');
    assert.equal(code, 'outcome_unknown');
    const isSent = (/** @type {any} */ data) => data.wa_message_id === id && data.ack === 'sent';
    await until('it is told', () => gateway.web.told('message.ack', isSent)[0]);
  });

  test('a server that says nothing to a question: nothing went out', async () => {
    const ASKED = '+12025550111';
    await faults({ stall_stanza: 'iq:usync' });
    const { code } = await gateway.send('main', ASKED, 'asked in vain');
    assert.ok(['session_not_connected', 'engine_error'].includes(code ?? ''), `${code}`);
    assert.equal(await arrived(ASKED, 'asked in vain'), 0);
    await faults(QUIET);
    await connected();
    assert.equal((await gateway.send('main', ASKED, 'asked again')).code, null);
    assert.equal(await arrived(ASKED, 'asked again'), 1);
  });

  test('nor to the one for keys: neither that message nor one that waited behind it goes out later', async () => {
    const [BLOCKED, WAITING] = ['+12025550113', '+12025550114'];
    await faults({ stall_stanza: 'iq:encrypt' });
    const both = [gateway.send('main', BLOCKED, 'blocks'), gateway.send('main', WAITING, 'given up')];
    for (const { code } of await Promise.all(both)) assert.equal(code, 'session_not_connected');
    await faults(QUIET);
    const isSent = async () => (await gateway.send('main', WAITING, 'the next')).code === null;
    await until('the next is sent', isSent, LONG_MS);
    assert.deepEqual([await arrived(BLOCKED, 'blocks'), await arrived(WAITING, 'given up')], [0, 0]);
  });

  for (const stanza of ['hello', 'login', 'iq:passive']) {
    test(`a server that stalls at ${stanza}: said, and mended by itself`, async () => {
      await faults({ stall_stanza: stanza, drop_socket: true });
      await gateway.status('main', 'reconnecting');
      await write(`while it stalled at ${stanza}`);
      assert.equal((await gateway.send('main', BOT, 'too early')).code, 'session_not_connected');
      await until(
        'it stalls',
        () => sandbox.output.includes(`"left unanswered","stanza":"${stanza}"`),
        LONG_MS,
      );
      await faults(QUIET);
      await connected();
      await isTold(`while it stalled at ${stanza}`);
    });
  }

  test('what came in while the engine was gone is told in order, and what comes meanwhile behind it', async () => {
    await gateway.call('POST', '/sessions/main/stop', { epoch: 1 });
    const texts = Array.from({ length: 200 }, (_, n) => `kept for us ${n}`);
    for (const text of texts) await write(text);
    await gateway.put('main', order);
    while (told('kept for us 199').length === 0) {
      const text = `meanwhile ${texts.length}`;
      texts.push(text);
      await write(text);
    }
    await isTold(texts[texts.length - 1]);
    const bodies = gateway.web.told('message.received').map((event) => event.data.body);
    assert.deepEqual(
      bodies.filter((body) => texts.includes(body)),
      texts,
    );
    await connected();
  });

  test('logins that are refused for a while: reconnecting, and back', async () => {
    await faults({ refuse_login: 503, drop_socket: true });
    await gateway.status('main', 'reconnecting');
    await faults(QUIET);
    await connected();
  });

  test('a server that asks for new connections again and again is not followed at its pace', async () => {
    await faults({ refuse_login: 515, drop_socket: true });
    const times = () => closings(515).map(({ time }) => Date.parse(time));
    await until('it has asked often', () => times().length >= 7, LONG_MS);
    await faults(QUIET);
    const [before, last] = times().slice(5);
    assert.ok(last - before >= 500, `${last - before} ms`);
    await connected();
  });

  test('linked, and WhatsApp is away before the first login: it waits for it, and the login is kept', async () => {
    const NEW = '+4915112340009';
    await sandbox.ok('PUT', `/phones/${NEW}`, { name: 'New' });
    await gateway.put('new', order);
    const { qr } = await gateway.status('new', 'qr', LONG_MS);
    const before = closings(503).length;
    await faults({ refuse_login: 503 });
    await sandbox.ok('POST', `/phones/${NEW}/scan`, { qr });
    await until('it has tried often', () => closings(503).length >= before + 5, LONG_MS);
    await faults(QUIET);
    assert.equal((await gateway.status('new', 'connected', LONG_MS)).phone, NEW);
    await gateway.logout('new', order);
  });

  test('a version that is refused is said, and not tried for ever', async () => {
    await faults({ refuse_login: 405, drop_socket: true });
    const session = await gateway.status('main', 'failed', LONG_MS);
    assert.deepEqual([session.reason, session.linked], ['whatsapp_changed', true]);
    await faults(QUIET);
    await gateway.put('main', order);
    await connected();
  });

  test('a login that came online elsewhere stays out until it is asked for', async () => {
    await faults({ replace_login: true });
    const session = await gateway.status('main', 'failed');
    assert.deepEqual([session.reason, session.linked], ['opened_elsewhere', true]);
    await gateway.put('main', order);
    await connected();
  });

  test('without the database nothing goes out, and nothing that comes in is lost', async () => {
    await database.kill();
    await write('while the database was down');
    await gateway.status('main', 'reconnecting', LONG_MS);
    const { code } = await gateway.send('main', BOT, 'not without keys');
    assert.equal(code, 'session_not_connected');
    await database.boot();
    await connected();
    await isTold('while the database was down');
    assert.equal(told('while the database was down').length, 1);
    assert.equal((await gateway.send('main', BOT, 'with keys again')).code, null);
  });

  test('a login that is taken up elsewhere is left alone: never two at a time', async () => {
    const data = fs.mkdtempSync(path.join(os.tmpdir(), 'wabot-elsewhere-'));
    fs.cpSync(path.join(sandbox.data, 'run'), path.join(data, 'run'), {
      recursive: true,
      filter: (file) => !file.endsWith('.sock'),
    });
    const elsewhere = await Gateway.start(data);
    const secret = path.join('secrets', 'engine_secret');
    fs.copyFileSync(path.join(sandbox.data, secret), path.join(data, secret));
    try {
      await elsewhere.put('main', { ...order, epoch: 2 });
      await elsewhere.status('main', 'connected', LONG_MS);
      const left = await gateway.status('main', 'failed', LONG_MS);
      assert.equal(left.reason, 'opened_elsewhere');
      assert.equal((await elsewhere.send('main', BOT, 'from elsewhere', { epoch: 2 })).code, null);
      assert.equal((await elsewhere.session('main')).status, 'connected');
      await elsewhere.call('POST', '/sessions/main/stop', { epoch: 2 });
    } finally {
      await elsewhere.close();
      fs.rmSync(data, { recursive: true, force: true });
    }
    await gateway.put('main', { ...order, epoch: 3 });
    await connected();
  });

  test('a stored login that is damaged is said by name, never taken for none', async () => {
    await gateway.call('POST', '/sessions/main/stop', { epoch: 3 });
    const texts = gateway.web.told('session.status', (data) => data.qr).length;
    await database.look((db) =>
      db
        .collection(/** @type {any} */ ('engine_logins'))
        .updateOne(/** @type {any} */ ({ _id: 'sandbox:main' }), { $set: { pending: Buffer.alloc(64, 1) } }),
    );
    await gateway.put('main', { ...order, epoch: 3 });
    const session = await gateway.status('main', 'failed');
    assert.deepEqual([session.reason, session.linked], ['login_damaged', true]);
    assert.equal(gateway.web.told('session.status', (data) => data.qr).length, texts, 'no QR was shown');
    assert.equal((await gateway.logout('main', { ...order, epoch: 3 })).body.status, 'disconnected');
    await gateway.put('main', { ...order, epoch: 4 });
    await gateway.status('main', 'qr', LONG_MS);
  });

  test('no key and no message stands in a log', () => {
    const log = gateway.log.join('');
    assert.doesNotMatch(log, /privKey|pubKey|rootKey|ephemeralKeyPair|"private"|<Buffer|noiseKey/i);
    assert.doesNotMatch(log, /while the database was down|damaged on its way/);
  });
});
