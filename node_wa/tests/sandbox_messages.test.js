/** Messages, as whatsapp-web.js sees them, through kills of the browser and of the sandbox. One browser at a time. */
import assert from 'node:assert/strict';
import test, { after, afterEach, before } from 'node:test';
import { Sandbox, until } from './support/sandbox.js';
import { Browser } from './support/sandbox_browser.js';

const ALICE = '12025550101';
const BOB = '12025550102';
const CAROL = '12025550103';
const NOBODY = '491512345678';

/** @type {Sandbox} */
let sandbox;
/** @type {Browser} */
let browser;

before(async () => {
  sandbox = await Sandbox.start();
  await sandbox.ok('PUT', `/phones/${ALICE}`, { name: 'Alice' });
  await sandbox.ok('PUT', `/phones/${BOB}`, { name: 'Bob' });
  browser = new Browser(sandbox, 'alice');
  await browser.link(ALICE);
});

after(async () => {
  await browser.close();
  await sandbox.stop();
});

afterEach(() => sandbox.ok('PUT', '/faults', {}));

const restart = async () => {
  browser = new Browser(sandbox, 'alice');
  await browser.restore();
};

/** @param {string} id @returns {number[]} */
const ticks = (id) =>
  browser
    .all('message_ack')
    .filter(([message]) => message.id.id === id)
    .map(([, ack]) => ack);

/** @param {string} number */
const bodies = async (number) =>
  (await sandbox.inbox(number)).map((/** @type {{body: string}} */ m) => m.body);

/** @param {string} from @param {string} text */
const write = (from, text) => sandbox.ok('POST', `/phones/${from}/send`, { to: `+${ALICE}`, text });

test('a number has to be looked up before it can be written to', async () => {
  await assert.rejects(browser.send(BOB, 'too early'), /No LID for user/);
  assert.equal(await browser.client.getNumberId(NOBODY), null);
  assert.equal((await browser.client.getNumberId(BOB))._serialized, `${BOB}@c.us`);
  const [{ lid, pn }] = await browser.client.getContactLidAndPhone([`${BOB}@c.us`]);
  assert.equal(pn, `${BOB}@c.us`);
  assert.equal(lid, (await sandbox.ok('GET', `/phones/${BOB}`)).lid);
});

test('a message goes out, with every tick to read', async () => {
  const sent = await browser.send(BOB, 'hello Bob', { waitUntilMsgSent: true });
  assert.match(sent.id.id, /^3EB0[0-9A-F]{18}$/);
  assert.match(sent.id._serialized, /^true_\d+@lid_3EB0[0-9A-F]{18}_out$/);
  const [arrived] = await sandbox.inbox(BOB);
  assert.deepEqual(
    { ...arrived, at: 0 },
    { id: sent.id.id, from: `+${ALICE}`, body: 'hello Bob', at: 0, kind: 'text' },
  );
  await until('delivered', () => ticks(sent.id.id).includes(2));
  assert.deepEqual(await sandbox.ok('POST', `/phones/${BOB}/read`, { id: sent.id.id }), { read: 1 });
  await until('read', () => ticks(sent.id.id).includes(3));
  assert.deepEqual(ticks(sent.id.id), [1, 2, 3]);
});

test('bodies arrive as they were written, both ways', async () => {
  const texts = [
    '👩‍👩‍👧‍👦 🇨🇭 🏴‍☠️ 👍🏽',
    'مرحبا بالعالم\u200f! שלום',
    '漢字かな交じり文 한국어 ไทย',
    'a\u0301 \u0000 "quotes" \\ back\\slash \t tab\r\n  new line  ',
    '<b>&amp;</b> $(x) {{y}} %s https://example.org/?q=1',
    '\u2028\u2029\ufeff',
    'x'.repeat(65_536),
  ];
  const before = (await sandbox.inbox(BOB)).length;
  for (const text of texts) await browser.send(BOB, text, { waitUntilMsgSent: true });
  assert.deepEqual((await bodies(BOB)).slice(before), texts);
  for (const text of texts) await write(BOB, text);
  await until('all arrived', () => browser.all('message').length === texts.length);
  assert.deepEqual(
    browser.all('message').map(([message]) => message.body),
    texts,
  );
});

test('an incoming message comes from a LID, and has a name', async () => {
  const { id } = await write(CAROL, 'it is me');
  const message = await browser.event('message', (m) => m.id.id === id);
  assert.match(message.from, /^\d+@lid$/);
  assert.equal(message._data.notifyName, `+${CAROL}`);
  const [{ pn }] = await browser.client.getContactLidAndPhone([message.from]);
  assert.equal(pn, `${CAROL}@c.us`);
  assert.equal((await message.reply('found you', undefined, { sendSeen: false })).to, message.from);
  await until('it arrived', async () => (await bodies(CAROL)).includes('found you'));
  const contact = await message.getContact();
  assert.equal(contact.pushname, `+${CAROL}`);
});

test('a file arrives as it was sent, as long as it is kept', async () => {
  const bytes = Buffer.from([...Array(300_000).keys()].map((n) => (n * 7) % 251));
  const file = { media: bytes.toString('base64'), mimetype: 'image/png', caption: 'a picture' };
  const { id } = await sandbox.ok('POST', `/phones/${BOB}/send`, { to: ALICE, ...file });
  const message = await browser.event('message', (m) => m.id.id === id);
  assert.deepEqual([message.type, message.body, message.hasMedia], ['image', 'a picture', true]);
  const media = await message.downloadMedia();
  assert.deepEqual([media.mimetype, media.filesize], ['image/png', bytes.length]);
  assert.ok(Buffer.from(media.data, 'base64').equals(bytes));
  await sandbox.ok('PUT', '/faults', { lose_media: true });
  const lost = await sandbox.ok('POST', `/phones/${BOB}/send`, { to: ALICE, ...file, kind: 'sticker' });
  const second = await browser.event('message', (m) => m.id.id === lost.id);
  assert.deepEqual([second.type, await second.downloadMedia()], ['sticker', undefined]);
});

test('an answer carries what it answers', async () => {
  const { id: asked } = await sandbox.ok('POST', `/phones/${ALICE}/send`, {
    to: BOB,
    text: 'tea or coffee?',
  });
  const answer = { to: ALICE, text: 'tea', quoted_id: asked };
  const { id } = await sandbox.ok('POST', `/phones/${BOB}/send`, answer);
  const message = await browser.event('message', (m) => m.id.id === id);
  assert.equal(message.hasQuotedMsg, true);
  const quoted = await message.getQuotedMessage();
  assert.deepEqual([quoted.body, quoted.fromMe], ['tea or coffee?', true]);
});

test('what the phone itself writes shows up as an own message', async () => {
  const { id } = await sandbox.ok('POST', `/phones/${ALICE}/send`, { to: BOB, text: 'by hand' });
  const message = await browser.event('message_create', (m) => m.id.id === id);
  assert.equal(message.fromMe, true);
  await sandbox.ok('POST', `/phones/${BOB}/read`, { id });
  await until('its ticks too', () => ticks(id).includes(3));
});

test('the seen call is broken as on the site', async () => {
  await assert.rejects(browser.client.sendMessage(`${BOB}@c.us`, 'seen', {}), /markedUnread/);
});

test('chats are listed with their unread messages, on the page and on the phone', async () => {
  const [chat] = (await browser.client.getChats()).filter((/** @type {any} */ c) => c.name === 'Bob');
  assert.ok(chat.unreadCount > 0);
  assert.ok(chat.lastMessage.body);
  const mine = await sandbox.ok('GET', `/phones/${ALICE}/chats`);
  const withBob = mine.find((/** @type {any} */ c) => c.with === `+${BOB}`);
  assert.equal(withBob.name, 'Bob');
  assert.equal(withBob.unread, chat.unreadCount);
  assert.deepEqual(
    [withBob.messages[0].from_me, withBob.messages[0].body, withBob.messages[0].ack],
    [true, 'hello Bob', 3],
  );
});

test('late and lost ticks', async () => {
  await sandbox.ok('PUT', '/faults', { ack_delay_ms: 400 });
  const started = Date.now();
  await browser.send(BOB, 'late', { waitUntilMsgSent: true });
  assert.ok(Date.now() - started >= 390);
  await sandbox.ok('PUT', '/faults', { lose_acks: true });
  const { id } = await browser.send(BOB, 'lost');
  await until('it arrived all the same', async () => (await bodies(BOB)).includes('lost'));
  await write(BOB, 'still listening');
  await browser.event('message', (m) => m.body === 'still listening');
  assert.deepEqual(ticks(id.id), []);
  await sandbox.ok('PUT', '/faults', { drop_socket: true });
  await until('told after coming back', () => ticks(id.id).includes(2));
  assert.equal((await bodies(BOB)).filter((/** @type {string} */ body) => body === 'lost').length, 1);
});

test('a socket drop is seen and healed; a refused one waits', async () => {
  await browser.state('CONNECTED');
  browser.events.length = 0;
  await sandbox.ok('PUT', '/faults', { drop_socket: true, refuse_connections: true });
  await browser.event('change_state', (state) => state === 'OPENING');
  assert.equal((await sandbox.ok('GET', `/phones/${ALICE}`)).devices[0].online, false);
  await write(BOB, 'while you were out');
  await browser.event('change_state', (state) => state === 'TIMEOUT');
  await sandbox.ok('PUT', '/faults', {});
  await browser.event('change_state', (state) => state === 'CONNECTED');
  await browser.event('message', (m) => m.body === 'while you were out');
});

test('a hung page answers nothing until it is let go', async () => {
  const other = await browser.client.pupBrowser.newPage();
  await sandbox.ok('PUT', '/faults', { page_hang: true });
  const asked = await until('no answer while another page of the browser answers', async () => {
    const question = { isAnswered: false, answer: browser.client.getState() };
    question.answer.then(() => {
      question.isAnswered = true;
    });
    for (let i = 0; i < 20; i += 1) await other.evaluate(() => 1 + 1);
    return question.isAnswered ? null : question;
  });
  await write(BOB, 'are you there?');
  await other.evaluate(() => 1 + 1);
  assert.equal(asked.isAnswered, false);
  await sandbox.ok('PUT', '/faults', {});
  assert.equal(await asked.answer, 'CONNECTED');
  await browser.event('message', (m) => m.body === 'are you there?');
  await other.close();
});

test('a killed browser finds its login, its chats and what it missed', async () => {
  const { id } = await browser.send(BOB, 'last words', { waitUntilMsgSent: true });
  await browser.kill();
  const missed = await write(BOB, 'missed');
  await restart();
  assert.equal(browser.all('qr').length, 0);
  await browser.client.getNumberId(BOB);
  const chat = await browser.client.getChatById(`${BOB}@c.us`);
  const recent = await chat.fetchMessages({});
  const found = (/** @type {string} */ random) => recent.find((/** @type {any} */ m) => m.id.id === random);
  assert.equal(found(id.id).ack, 2);
  assert.equal(found(missed.id).body, 'missed');
  const more = await chat.fetchMessages({ limit: 80 });
  assert.equal(new Set(more.map((/** @type {any} */ m) => m.id.id)).size, more.length);
  assert.equal((await browser.client.getMessageById(id._serialized)).body, 'last words');
  const [queue] = (await sandbox.ok('GET', `/phones/${ALICE}`)).devices;
  assert.equal(queue.online, true);
});

test('earlier messages are loaded from the server', async () => {
  await browser.client.getNumberId(CAROL);
  for (let i = 0; i < 70; i += 1) await write(CAROL, `line ${i}`);
  await until('all here', () => browser.all('message').some(([m]) => m.body === 'line 69'));
  await browser.kill();
  await restart();
  const chat = await browser.client.getChatById(`${CAROL}@c.us`);
  const held = await chat.fetchMessages({});
  assert.equal(held.length, 50);
  const more = await chat.fetchMessages({ limit: 60 });
  assert.equal(more.length, 60);
  const texts = (await chat.fetchMessages({})).map((/** @type {any} */ m) => m.body);
  assert.deepEqual(
    texts.slice(-70),
    Array.from({ length: 70 }, (_, i) => `line ${i}`),
  );
});

test('what was on its way when the browser was killed goes out once', async () => {
  await sandbox.ok('PUT', '/faults', { lose_acks: true });
  await browser.send(BOB, 'taken, but not told');
  await sandbox.ok('PUT', '/faults', { drop_socket: true, refuse_connections: true });
  await browser.state('OPENING');
  const { id } = await browser.send(BOB, 'never left the page');
  await browser.kill();
  assert.ok(!(await bodies(BOB)).includes('never left the page'));
  await sandbox.ok('PUT', '/faults', {});
  await restart();
  await until('it arrived', async () => (await bodies(BOB)).includes('never left the page'));
  const arrived = await sandbox.inbox(BOB);
  const times = (/** @type {string} */ text) =>
    arrived.filter((/** @type {any} */ m) => m.body === text).length;
  assert.deepEqual([times('taken, but not told'), times('never left the page')], [1, 1]);
  assert.ok(arrived.some((/** @type {any} */ m) => m.id === id.id));
  const message = await browser.client.getMessageById(id._serialized);
  await until('ticked', async () => (await message.reload()).ack >= 1);
});

test('a killed sandbox keeps links, inboxes and its page port', async () => {
  const before = await sandbox.inbox(BOB);
  const { page_port, spki } = sandbox.run;
  await sandbox.end('SIGKILL');
  await browser.state('OPENING');
  const { id } = await browser.send(BOB, 'meanwhile');
  await sandbox.boot();
  assert.deepEqual([sandbox.run.page_port, sandbox.run.spki], [page_port, spki]);
  await browser.state('CONNECTED');
  await until('it arrived', async () => (await bodies(BOB)).includes('meanwhile'));
  assert.deepEqual((await sandbox.inbox(BOB)).slice(0, -1), before);
  await until('ticked', () => ticks(id.id).includes(2));
});

test('reset forgets everybody', async () => {
  await sandbox.ok('PUT', '/faults', { ack_delay_ms: 5 });
  await sandbox.ok('POST', '/reset');
  assert.equal(await browser.event('disconnected'), 'LOGOUT');
  await browser.event('qr');
  assert.deepEqual(await sandbox.ok('GET', '/phones'), []);
  assert.deepEqual(await sandbox.inbox(BOB), []);
  assert.equal((await sandbox.ok('GET', '/faults')).ack_delay_ms, 0);
});
