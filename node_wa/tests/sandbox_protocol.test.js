/** WhatsApp's own protocol, as the unmodified Baileys sees it: linking, messages, ends, faults, kills of the sandbox. */
import assert from 'node:assert/strict';
import test, { after, afterEach, before } from 'node:test';
import { Sandbox, until } from './support/sandbox.js';
import { BaileysDevice, STATUS } from './support/sandbox_baileys.js';
import { Browser } from './support/sandbox_browser.js';

const ALICE = '12025550101';
const BOB = '4915112345678';
const CAROL = '12025550103';
const NOBODY = '491512345679';

/** @type {Sandbox} */
let sandbox;
/** @type {BaileysDevice} */
let alice;

before(async () => {
  sandbox = await Sandbox.start();
  await sandbox.ok('PUT', `/phones/${ALICE}`, { name: 'Alice' });
  await sandbox.ok('PUT', `/phones/${BOB}`, { name: 'Bob' });
  alice = new BaileysDevice(sandbox);
});

after(async () => {
  await alice.close();
  await sandbox.stop();
});

afterEach(() => sandbox.ok('PUT', '/faults', {}));

/** @param {string} number */
const bodies = async (number) =>
  (await sandbox.inbox(number)).map((/** @type {{body: string}} */ { body }) => body);

/** @param {string} number @param {string} body */
const arrived = (number, body) => until(`${body} arrives`, async () => (await bodies(number)).includes(body));

/** @param {string} text @param {string} [from] */
const write = (text, from = BOB) => sandbox.ok('POST', `/phones/${from}/send`, { to: `+${ALICE}`, text });

/** @param {object} shown @param {string} [number] */
async function scan(shown, number = ALICE) {
  const { status, body } = await sandbox.call('POST', `/phones/${number}/scan`, shown);
  return status === 200 ? 'linked' : body.code;
}

const devices = async () => (await sandbox.ok('GET', `/phones/${ALICE}`)).devices;

test('a QR code links, after which the device has to come back with its login', async () => {
  alice.connect();
  const qr = await alice.qr();
  const [ref, noise, identity, adv, platform] = qr.split(',');
  assert.equal(await scan({ qr: [ref, identity, noise, adv, platform].join() }), 'qr_foreign');
  assert.equal(await scan({ qr }), 'linked');
  assert.equal(await alice.ended(), 515);
  await alice.login();
  const { id, lid, name } = alice.auth.creds.me ?? {};
  assert.match(String(id), new RegExp(`^${ALICE}:\\d+@s.whatsapp.net$`));
  assert.match(String(lid), /^\d+:\d+@lid$/);
  await until('its own name', () => alice.auth.creds.me?.name === 'Alice');
  assert.equal(name === undefined || name === 'Alice', true);
  assert.deepEqual(
    (await devices()).map((/** @type {any} */ device) => device.online),
    [true],
  );
});

test('a message goes out, with every tick to read', async () => {
  const [found, ...others] = await alice.sock.onWhatsApp(BOB, NOBODY);
  assert.deepEqual([found, others], [{ jid: `${BOB}@s.whatsapp.net`, exists: true }, []]);
  const id = await alice.send(BOB, 'hello Bob');
  const [{ at, ...arrival }] = await sandbox.inbox(BOB);
  assert.deepEqual(arrival, { id, from: `+${ALICE}`, body: 'hello Bob', kind: 'text' });
  await alice.tick(id, STATUS.DELIVERED);
  await sandbox.ok('POST', `/phones/${BOB}/read`, {});
  await alice.tick(id, STATUS.READ);
});

test('a message to nobody is refused', async () => {
  const id = await alice.send(NOBODY, 'anybody?');
  assert.equal(alice.acks.find((ack) => ack.id === id)?.error, '404');
});

test('the same id a second time is acknowledged and dropped', async () => {
  const id = await alice.send(BOB, 'once');
  alice.acks.length = 0;
  await alice.send(BOB, 'once', id);
  assert.equal((await bodies(BOB)).filter((/** @type {string} */ body) => body === 'once').length, 1);
});

test('messages come in by LID, with the number beside it', async () => {
  await write('hello Alice');
  const { key, pushName } = await alice.message('hello Alice');
  const { lid } = await sandbox.ok('GET', `/phones/${BOB}`);
  assert.deepEqual([key.remoteJid, key.remoteJidAlt, pushName], [lid, `${BOB}@s.whatsapp.net`, 'Bob']);
  await alice.sock.readMessages([key]);
  await until('Bob sees it read', async () =>
    (await sandbox.ok('GET', `/phones/${BOB}/chats`))[0].messages.some(
      (/** @type {any} */ { body, ack }) => body === 'hello Alice' && ack === 3,
    ),
  );
  await sandbox.ok('PUT', '/faults', { hide_numbers: true });
  await write('who is it?');
  assert.equal((await alice.message('who is it?')).key.remoteJidAlt, undefined);
});

test('bodies arrive as they were written, both ways, answers too', async () => {
  const text = '👩‍👩‍👧 مرحبا 漢字 a\u0301 "quotes" \\ \t tab\r\n  new line ';
  await write(text);
  await alice.message(text);
  await alice.send(BOB, text);
  assert.equal((await bodies(BOB)).at(-1), text);
  const { key, message } = await alice.message('hello Alice');
  await alice.sock.sendMessage(`${BOB}@s.whatsapp.net`, { text: 'an answer' }, { quoted: { key, message } });
  await arrived(BOB, 'an answer');
  assert.equal((await sandbox.inbox(BOB)).at(-1).quoted_id, key.id);
});

test('a file comes encrypted, and only while it is there', async () => {
  const bytes = Buffer.from('not really a picture');
  const file = { to: `+${ALICE}`, media: bytes.toString('base64'), mimetype: 'image/png', caption: 'look' };
  await sandbox.ok('POST', `/phones/${BOB}/send`, file);
  const { message } = await until('the file', () =>
    alice.messages.find((each) => each.message?.imageMessage?.caption === 'look'),
  );
  assert.deepEqual(await alice.file(message.imageMessage, 'image'), bytes);
  await sandbox.ok('PUT', '/faults', { lose_media: true });
  await assert.rejects(alice.file(message.imageMessage, 'image'));
});

test('what was written on the phone itself is seen, without mistaking who is who', async () => {
  const mine = { to: `+${BOB}`, text: 'from my phone' };
  await sandbox.ok('POST', `/phones/${ALICE}/send`, mine);
  const { key } = await alice.message('from my phone');
  assert.deepEqual([key.fromMe, key.remoteJidAlt], [true, `${BOB}@s.whatsapp.net`]);
  await alice.send(BOB, 'and from here');
  await alice.send(ALICE, 'a note to myself');
  assert.ok((await bodies(ALICE)).includes('a note to myself'));
});

test('damaged messages are asked for again, replayed ones are no second message', async () => {
  for (const damage_message of [true, 2]) {
    await sandbox.ok('PUT', '/faults', { damage_message });
    await write(`damaged ${damage_message}`);
    await alice.message(`damaged ${damage_message}`);
    await until('nothing waits any more', async () => alice.saying(`damaged ${damage_message}`).length === 1);
  }
  await sandbox.ok('PUT', '/faults', { replay_message: true });
  await write('replayed');
  await sandbox.ok('PUT', '/faults', {});
  await write('after the replay');
  await alice.message('after the replay');
  const ids = new Set(alice.saying('replayed').map(({ key }) => key.id));
  assert.equal(ids.size, 1);
});

test('a phone that cannot decrypt asks again, and the message arrives once', async () => {
  await sandbox.ok('PUT', '/faults', { ask_again: 2 });
  await alice.send(BOB, 'asked for');
  await arrived(BOB, 'asked for');
  await sandbox.ok('PUT', '/faults', {});
  await alice.send(BOB, 'after being asked');
  assert.equal((await bodies(BOB)).filter((/** @type {string} */ body) => body === 'asked for').length, 1);
});

test('a stanza can be left unanswered', async () => {
  await sandbox.ok('PUT', '/faults', { stall_stanza: 'iq:w:p' });
  const ping = { tag: 'iq', attrs: { to: '@s.whatsapp.net', type: 'get', xmlns: 'w:p' } };
  const withPing = () => ({ ...ping, attrs: { ...ping.attrs }, content: [{ tag: 'ping', attrs: {} }] });
  await assert.rejects(alice.sock.query(withPing(), 300), /Timed Out/i);
  await sandbox.ok('PUT', '/faults', {});
  assert.equal((await alice.sock.query(withPing())).attrs.type, 'result');
});

test('acks can be late, or lost for good', async () => {
  await sandbox.ok('PUT', '/faults', { lose_acks: true });
  await alice.sock.sendMessage(
    `${BOB}@s.whatsapp.net`,
    { text: 'no ack' },
    { messageId: '3EB0AAAAAAAAAAAAAA' },
  );
  await arrived(BOB, 'no ack');
  assert.ok(!alice.acks.some(({ id }) => id === '3EB0AAAAAAAAAAAAAA'));
  await sandbox.ok('PUT', '/faults', { ack_delay_ms: 250 });
  const started = Date.now();
  await alice.send(BOB, 'late ack');
  assert.ok(Date.now() - started >= 250);
});

test('a kill of the sandbox costs no session, and what comes meanwhile waits', async () => {
  await sandbox.end('SIGKILL');
  assert.equal(await alice.ended(), 428);
  const before = sandbox.output.length;
  await sandbox.boot();
  await write('while you were away');
  await write('and more', CAROL);
  await alice.login();
  const { type } = await alice.message('while you were away');
  assert.equal(type, 'append');
  await alice.message('and more');
  await alice.tick('3EB0AAAAAAAAAAAAAA', STATUS.DELIVERED);
  await alice.send(BOB, 'after the kill');
  assert.ok((await bodies(BOB)).includes('after the kill'));
  assert.doesNotMatch(sandbox.output.slice(before), /could not decrypt/);
});

test('a cut socket and refused logins end the connection, and nothing else', async () => {
  await sandbox.ok('PUT', '/faults', { drop_socket: true });
  assert.equal(await alice.ended(), 428);
  for (const refuse_login of [405, 503]) {
    await sandbox.ok('PUT', '/faults', { refuse_login });
    alice.connect();
    assert.equal(await alice.ended(), refuse_login);
  }
  await sandbox.ok('PUT', '/faults', {});
  await alice.login();
});

test('the same device elsewhere replaces this one', async () => {
  const other = new BaileysDevice(sandbox);
  other.auth = alice.auth;
  await other.login();
  assert.equal(await alice.ended(), 440);
  await other.close();
  await alice.login();
});

test('one person linked by both engines', async () => {
  const page = new Browser(sandbox, 'alice');
  await page.link(ALICE);
  await alice.send(BOB, 'from Baileys');
  await page.event('message_create', (message) => message.body === 'from Baileys' && message.fromMe);
  await page.client.getNumberId(BOB);
  await page.send(BOB, 'from the page', { waitUntilMsgSent: true });
  assert.equal((await alice.message('from the page')).key.fromMe, true);
  await write('to both');
  await page.event('message', (message) => message.body === 'to both');
  await alice.message('to both');
  await page.close();
});

test('unlinked by the phone, and another key is no login', async () => {
  assert.deepEqual(await sandbox.ok('POST', `/phones/${ALICE}/unlink`), { unlinked: 2 });
  assert.equal(await alice.ended(), 401);
  alice.connect();
  assert.equal(await alice.ended(), 401);
});

test('a pairing code links the number it was made for, and logging out unlinks it', async () => {
  alice = new BaileysDevice(sandbox);
  alice.connect();
  await alice.qr();
  const code = await alice.sock.requestPairingCode(ALICE);
  assert.equal(await scan({ code: 'AAAA1111' }), 'code_foreign');
  assert.equal(await scan({ code }, BOB), 'code_foreign');
  assert.equal(await scan({ code: `${code.slice(0, 4)}-${code.slice(4).toLowerCase()}` }), 'linked');
  assert.equal(await alice.ended(), 515);
  await alice.login();
  await write('linked by code');
  await alice.message('linked by code');
  await alice.sock.logout();
  await until('it is unlinked', async () => (await devices()).length === 0);
});

test('QR codes expire', async () => {
  await sandbox.ok('PUT', '/faults', { expire_qr_ms: 100 });
  const device = new BaileysDevice(sandbox);
  device.connect();
  const qr = await device.qr();
  assert.equal(await device.ended(), 428, 'after six codes it has to come again');
  assert.equal(await scan({ qr }), 'qr_stale');
});
