/**
 * What comes in, through the gateway with the real engine: told once, in order and whole, whoever is killed meanwhile. One
 * session's life: each test goes on where the one before ended.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { Gateway, killed, newMessageId } from './support/gateway.js';
import { Sandbox, until } from './support/sandbox.js';

const ME = '+4915112340011';
const FRIEND = '+4915112340012';
const SHY = '+4915112340013';
const ORDER = { engine: 'webjs' };

/** @type {Sandbox} */
let sandbox;
/** @type {Gateway} */
let gateway;

before(async () => {
  sandbox = await Sandbox.start();
  gateway = await Gateway.start(sandbox.data);
  await gateway.link('main', sandbox, ME, ORDER);
  await sandbox.ok('PUT', `/phones/${FRIEND}`, { name: 'Friend' });
  await sandbox.ok('PUT', `/phones/${SHY}`, { name: 'Shy' });
});

after(async () => {
  await gateway.close();
  await sandbox.stop();
});

/** @param {string} from @param {object} letter @returns {Promise<string>} its id */
const write = async (from, letter, to = ME) =>
  (await sandbox.ok('POST', `/phones/${from}/send`, { to, ...letter })).id;

/** @param {string} id */
const told = (id) =>
  until(`message ${id}`, () => gateway.web.told('message.received', (data) => data.wa_message_id === id)[0]);

/** @param {string} prefix @returns {any[]} in the order they were told, each as often as it was */
const lettersOf = (prefix) =>
  gateway.web.told('message.received', (data) => data.body.startsWith(prefix)).map(({ data }) => data);

const restart = async () => {
  await gateway.boot();
  await gateway.put('main', ORDER);
  await gateway.status('main', 'connected');
};

test('a message says who wrote what, and what it answers', async () => {
  const first = (await told(await write(FRIEND, { text: 'tea?' }))).data;
  assert.deepEqual(
    [first.chat.phone, first.from.phone, first.push_name, first.kind, first.from_me, first.quoted],
    [FRIEND, FRIEND, 'Friend', 'text', false, null],
  );
  const { data } = await told(await write(FRIEND, { text: 'or coffee', quoted_id: first.wa_message_id }));
  assert.deepEqual(data.quoted, {
    wa_message_id: first.wa_message_id,
    body: 'tea?',
    kind: 'text',
    from_me: false,
  });
});

test('what is written on the phone itself is told, what we send is not', async () => {
  const sent = await gateway.send('main', FRIEND, 'ours');
  assert.equal(sent.code, null);
  const { data } = await told(await write(ME, { text: 'by hand' }, FRIEND));
  assert.deepEqual([data.from_me, data.from, data.chat.phone, data.recovered], [true, null, FRIEND, false]);
  assert.ok(['sent', 'delivered'].includes(data.ack));
  assert.deepEqual(lettersOf('ours'), []);
});

test('a gateway killed while the phone writes: each is told once, in order', async () => {
  const writing = (async () => {
    for (let i = 0; i < 400; i += 1) await write(FRIEND, { text: `gap ${String(i).padStart(3, '0')}` });
  })();
  await until('the first few are told', () => lettersOf('gap').length > 20);
  await gateway.stop('SIGKILL');
  await writing;
  await restart();
  await until('all are told', () => new Set(lettersOf('gap').map((m) => m.body)).size === 400);
  const ids = new Set();
  const once = lettersOf('gap').filter(({ wa_message_id: id }) => !ids.has(id) && ids.add(id));
  assert.deepEqual(
    once.map(({ body }) => body),
    Array.from({ length: 400 }, (_, i) => `gap ${String(i).padStart(3, '0')}`),
  );
  assert.ok(
    once.some(({ recovered }) => recovered),
    'those that were missed are marked',
  );
  assert.ok(once.some(({ recovered }) => !recovered));
});

test('killed again before it has caught up, it still looks back as far', async () => {
  await gateway.stop('SIGKILL');
  const id = await write(FRIEND, { text: 'long ago' });
  const file = path.join(sandbox.data, 'gateway', 'profiles', 'sandbox', 'main', 'linked.json');
  const login = JSON.parse(fs.readFileSync(file, 'utf8'));
  const { online_at } = login;
  await sandbox.ok('PUT', '/faults', { slow_sync: 1_500 });
  await gateway.boot();
  await gateway.put('main', ORDER);
  await gateway.status('main', 'connected');
  await gateway.stop('SIGKILL');
  assert.ok(gateway.web.told('message.received', (data) => data.wa_message_id === id).length <= 1);
  const kept = JSON.parse(fs.readFileSync(file, 'utf8')).online_at;
  const wasTold = fs.readFileSync(path.join(sandbox.data, 'gateway', 'journal.jsonl'), 'utf8').includes(id);
  assert.ok(wasTold || kept === online_at, 'the mark moves only behind what is in the journal');
  await sandbox.ok('PUT', '/faults', {});
  await restart();
  await told(id);
});

test('what comes in around a kill of the browser is told', async () => {
  const ids = [await write(FRIEND, { text: 'before' })];
  await killed(await gateway.browser('main'), 'the browser');
  ids.push(await write(FRIEND, { text: 'meanwhile' }));
  for (const id of ids) await told(id);
  await gateway.status('main', 'connected');
});

test('a number that WhatsApp hides shows up when it tells, and is asked for once', async () => {
  await sandbox.ok('PUT', '/faults', { hide_numbers: true });
  const hidden = (await told(await write(SHY, { text: 'who am I?' }))).data;
  assert.equal(hidden.chat.phone, null);
  assert.match(hidden.chat.lid, /^\d+@lid$/);
  await sandbox.ok('PUT', '/faults', {});
  assert.equal(
    (await told(await write(SHY, { text: 'again' }))).data.chat.phone,
    null,
    'not asked again so soon',
  );
  assert.equal((await gateway.send('main', SHY, 'found you')).code, null);
  const known = (await told(await write(SHY, { text: 'it is me' }))).data;
  assert.deepEqual(known.chat, { phone: SHY, lid: hidden.chat.lid });
  const kept = path.join(sandbox.data, 'gateway', 'profiles', 'sandbox', 'main', 'contacts.jsonl');
  await until('it is kept', () => fs.readFileSync(kept, 'utf8').includes(`"${SHY}"`));
});

/** @param {any} data @param {object} [more] */
const fetchMedia = ({ wa_message_id, chat, from_me }, more = {}) =>
  gateway.call('POST', '/sessions/main/media', {
    wa_message_id,
    chat,
    from_me,
    max_bytes: 1_000_000,
    ...more,
  });

test('a file is fetched when it is asked for, and said why not', async () => {
  const bytes = Buffer.from('not really a picture '.repeat(20_000));
  const letter = {
    media: bytes.toString('base64'),
    mimetype: 'image/jpeg',
    filename: 'a.jpg',
    caption: 'look',
  };
  const { data } = await told(await write(FRIEND, letter));
  assert.deepEqual([data.kind, data.body], ['image', 'look']);
  assert.deepEqual(data.media, { mimetype: 'image/jpeg', filename: 'a.jpg', size: bytes.length });
  const { status, body } = await fetchMedia(data);
  assert.equal(status, 200);
  assert.ok(fs.readFileSync(path.join(sandbox.data, 'media', 'incoming', body.file)).equals(bytes));
  assert.equal(body.sha256, createHash('sha256').update(bytes).digest('hex'));
  assert.equal((await fetchMedia(data, { max_bytes: 1000 })).body.code, 'media_too_large');
  await sandbox.ok('PUT', '/faults', { lose_media: true });
  const lost = (await told(await write(FRIEND, letter))).data;
  assert.equal((await fetchMedia(lost)).body.code, 'media_gone');
  await sandbox.ok('PUT', '/faults', {});
  assert.equal((await fetchMedia(lost)).status, 200, 'it may be asked for again');
  assert.equal((await fetchMedia({ ...lost, wa_message_id: newMessageId() })).body.code, 'media_gone');
});

test('after a restart files of earlier messages are found, and that a chat was read can not be told today', async () => {
  const { data } = await told(await write(FRIEND, { media: 'aGVsbG8=', mimetype: 'text/plain' }));
  await gateway.stop('SIGKILL');
  await restart();
  assert.equal((await fetchMedia(data)).status, 200);
  const seen = await gateway.call('POST', '/sessions/main/seen', { chat: data.chat });
  assert.equal(seen.status, 502);
  await gateway.stop('SIGKILL');
  await sandbox.ok('PUT', '/faults', { web_profile: 'legacy' });
  await restart();
  const old = await gateway.call('POST', '/sessions/main/seen', { chat: data.chat });
  assert.deepEqual(old.body, { seen: true });
  await until('the phone knows', async () => {
    const chats = await sandbox.ok('GET', `/phones/${ME}/chats`);
    return chats.find((/** @type {any} */ chat) => chat.with === FRIEND).unread === 0;
  });
});
