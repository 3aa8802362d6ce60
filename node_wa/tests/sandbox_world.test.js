import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { afterEach, beforeEach } from 'node:test';
import { Journal } from '../sandbox/journal.js';
import { LIMITS } from '../sandbox/limits.js';
import { MediaShelf } from '../sandbox/media.js';
import { addressOf, numberAt, parseNumber } from '../sandbox/numbers.js';
import { Phones } from '../sandbox/phones.js';
import { World } from '../sandbox/world.js';

const ALICE = '12025550101';
const BOB = '12025550102';
const CAROL = '491512345678';

/** @type {string} */
let dir;
/** @type {string} */
let file;
/** @type {World} */
let world;
/** @type {Phones} */
let phones;

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'wabot-world-'));
  file = path.join(dir, 'world.jsonl');
  open();
});

afterEach(() => {
  world.close();
  fs.rmSync(dir, { recursive: true });
});

/** As after a kill: nothing was closed or flushed. */
function open() {
  world = new World(new Journal(file));
  phones = new Phones(world, new MediaShelf(path.join(dir, 'media'), Buffer.from('secret')));
}

/** @param {string} number */
function linked(number) {
  const { id, secret, commit } = world.offerLink(number);
  commit();
  return {
    id,
    secret,
    device: /** @type {import('../sandbox/state.js').Device} */ (world.device(id, secret)),
  };
}

/** @param {import('../sandbox/state.js').Device} device */
function online(device) {
  /** @type {{body: string, ack: number | null}[]} */
  const told = [];
  const ends = { revoked: 0, replaced: 0 };
  const channel = {
    deliver: (/** @type {import('../sandbox/state.js').Item} */ { message, ack }) =>
      told.push({ body: message.body, ack }),
    revoked: () => {
      ends.revoked += 1;
    },
    replaced: () => {
      ends.replaced += 1;
    },
  };
  return { channel, told, ends, waited: world.attach(device, channel) };
}

test('every number has one LID, and every LID one number', () => {
  for (const number of [ALICE, BOB, CAROL, '1234567', '999999999999999']) {
    assert.equal(numberAt(addressOf(number, 'lid')), number);
    assert.equal(numberAt(addressOf(number, 'pn')), number);
  }
  for (const nonsense of ['0@lid', '12@c.us', 'x@lid', `${ALICE}@g.us`, ALICE, null, 5]) {
    assert.equal(numberAt(nonsense), null, String(nonsense));
  }
});

test('numbers are taken with or without +, and nothing else', () => {
  assert.equal(parseNumber(`+${ALICE}`, 'to'), ALICE);
  for (const bad of ['', '+', '123', '0049151', '1 202 555', '1'.repeat(16), 12025550101, undefined]) {
    assert.throws(() => parseNumber(bad, 'to'), { code: 'invalid_number', field: 'to' });
  }
});

test('a message sent twice under one id is one message', () => {
  phones.put(CAROL);
  /** @type {number[]} */
  const ticks = [];
  const message = { from: ALICE, to: CAROL, body: 'once', id: '3EB000', device: null };
  world.send(message, (ack) => ticks.push(ack));
  world.send({ ...message, body: 'twice' }, (ack) => ticks.push(ack));
  assert.deepEqual(ticks, [1, 2]);
  assert.deepEqual(
    phones.inbox(CAROL).map((m) => m.body),
    ['once'],
  );
  world.send({ ...message, from: BOB });
  assert.equal(phones.inbox(CAROL).length, 2, 'the id of another sender is another message');
});

test('what was answered is there after a kill at any moment', () => {
  phones.put(ALICE, 'Alice');
  const { id, secret } = linked(ALICE);
  const sent = phones.write(BOB, ALICE, { text: 'before the kill' });
  open();
  assert.equal(phones.get(ALICE).name, 'Alice');
  assert.deepEqual(
    phones.inbox(ALICE).map((m) => m.id),
    [sent],
  );
  const device = world.device(id, secret);
  assert.ok(device);
  assert.deepEqual(
    online(device).waited.map((item) => item.message.body),
    ['before the kill'],
  );
  assert.equal(world.device(id, 'wrong'), null);
});

test('a torn last line is dropped, and writing goes on behind it', () => {
  phones.put(ALICE, 'Alice');
  fs.appendFileSync(file, '{"e":"phone","number":"1202');
  open();
  phones.put(BOB, 'Bob');
  open();
  assert.deepEqual(
    phones.list().map((phone) => phone.name),
    ['Alice', 'Bob'],
  );
});

test('a damaged line costs only what it said', () => {
  phones.put(ALICE, 'Alice');
  fs.appendFileSync(file, '{"e":"phone",\n');
  open();
  phones.put(BOB, 'Bob');
  open();
  assert.deepEqual(
    phones.list().map((phone) => phone.name),
    ['Alice', 'Bob'],
  );
});

test('a compacted journal gives the same world', () => {
  phones.put(ALICE, 'Alice');
  const { id, secret } = linked(ALICE);
  linked(BOB);
  for (let i = 0; i < 30; i += 1)
    phones.write(i % 2 ? BOB : ALICE, i % 2 ? ALICE : BOB, { text: `message ${i}` });
  phones.read(ALICE, phones.inbox(ALICE)[3].id);
  const before = shown(id, secret);
  world.journal.compact(world.state.dump());
  open();
  assert.deepEqual(shown(id, secret), before);
  phones.write(BOB, ALICE, { text: 'and on' });
  open();
  assert.equal(phones.inbox(ALICE).at(-1)?.body, 'and on');
});

/**
 * @param {string} id
 * @param {string} secret
 */
function shown(id, secret) {
  const device = /** @type {import('../sandbox/state.js').Device} */ (world.device(id, secret));
  const queue = device.queue.map(({ message, ack }) => [message.id, ack]);
  return [
    phones.list(),
    phones.inbox(ALICE),
    phones.inbox(BOB),
    phones.chats(ALICE),
    phones.chats(BOB),
    queue,
  ];
}

test('a compacting cut short leaves the old journal in force', () => {
  phones.put(ALICE, 'Alice');
  fs.writeFileSync(`${file}.new`, '{"e":"phone","number":"4915');
  open();
  assert.deepEqual(
    phones.list().map((phone) => phone.name),
    ['Alice'],
  );
});

test('a journal that grows is compacted on the way', () => {
  const name = (/** @type {number} */ i) => `${i}`.padEnd(LIMITS.nameLength, 'n');
  let largest = 0;
  for (let i = 0; largest < 9_000_000; i += 1) {
    phones.put(CAROL, name(i));
    const { size } = fs.statSync(file);
    if (size < largest) break;
    largest = size;
  }
  assert.ok(fs.statSync(file).size < 1_000, `${largest} bytes and growing`);
  open();
  assert.match(phones.get(CAROL).name, /^\d{5}/);
});

test('devices hear what concerns them, and keep what they missed until they took it', () => {
  const { device } = linked(ALICE);
  const other = linked(ALICE).device;
  const first = online(device);
  world.send({ from: ALICE, to: BOB, body: 'mine', id: '3EB0AA', device: device.id });
  assert.deepEqual(first.told, [{ body: 'mine', ack: 2 }], 'its own message it knows');
  const second = online(other);
  assert.deepEqual(
    second.waited.map(({ ack }) => ack),
    [null, 2],
  );
  phones.write(BOB, ALICE, { text: 'answer' });
  phones.read(BOB);
  assert.deepEqual(first.told.slice(1), [
    { body: 'answer', ack: null },
    { body: 'mine', ack: 3 },
  ]);
  world.took(device, device.queue[1].n);
  world.detach(device, first.channel);
  assert.deepEqual(
    online(device).waited.map(({ ack }) => ack),
    [3],
  );
});

test('the same device twice: the later one stays', () => {
  const { device } = linked(ALICE);
  const first = online(device);
  const second = online(device);
  assert.equal(first.ends.replaced, 1);
  world.detach(device, first.channel);
  assert.ok(world.isOnline(device), 'the end of the replaced one is not the end of the device');
  world.detach(device, second.channel);
  assert.ok(!world.isOnline(device));
});

test('unlinking and reset throw devices out', () => {
  const { id, secret, device } = linked(ALICE);
  const { ends } = online(device);
  assert.equal(phones.unlink(ALICE), 1);
  assert.equal(ends.revoked, 1);
  assert.equal(world.device(id, secret), null);
  const next = linked(ALICE);
  const { ends: nextEnds } = online(next.device);
  world.reset();
  assert.equal(nextEnds.revoked, 1);
  open();
  assert.deepEqual([phones.list(), phones.inbox(BOB)], [[], []]);
});

test('ticks never run backwards, and only what arrived can be read', () => {
  const id = phones.write(BOB, ALICE, { text: 'hello' });
  assert.equal(phones.read(ALICE, id), 1);
  assert.equal(phones.read(ALICE, id), 0);
  world.commit([{ e: 'ack', n: world.state.n + 1, from: BOB, id, ack: 2 }]);
  assert.equal(world.state.message(BOB, id)?.ack, 3);
  assert.throws(() => phones.read(ALICE, 'nothing'), { code: 'message_not_found' });
  assert.throws(() => phones.read(CAROL), { code: 'phone_not_found' });
});

test('a number that is nobody gets nothing', () => {
  const id = phones.write(ALICE, CAROL, { text: 'anyone?' });
  assert.equal(world.state.message(ALICE, id)?.ack, 1);
  phones.put(CAROL);
  assert.deepEqual(phones.inbox(CAROL), []);
});

test('inbox, chats and memory are bounded', () => {
  for (let i = 0; i < 1.2 * LIMITS.messages; i += 1) {
    world.state.apply({
      e: 'msg',
      n: i,
      id: `m${i}`,
      from: ALICE,
      to: BOB,
      body: '',
      at: '',
      ack: 1,
      device: null,
    });
  }
  assert.ok(world.state.messages.size <= 1.1 * LIMITS.messages);
  assert.ok(world.state.messages.size >= 50_000, 'doubles are known for at least as many');
  assert.equal(phones.inbox(BOB).length, LIMITS.inboxPerPhone);
  assert.equal(phones.inbox(BOB).at(-1)?.id, `m${1.2 * LIMITS.messages - 1}`);
  assert.equal(world.chat(ALICE, BOB).length, LIMITS.messagesPerChat);
});

test('more than 500 messages a second are kept', () => {
  const started = performance.now();
  for (let i = 0; i < 5_000; i += 1) phones.write(ALICE, BOB, { text: `message ${i}` });
  const rate = 5_000 / ((performance.now() - started) / 1_000);
  assert.ok(rate > 500, `${Math.round(rate)}/s`);
});
