/** Logins in the database: written as a whole or not at all, by one writer, and never mistaken for another. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import pino from 'pino';
import { Database } from '../states/database.js';
import { Vault } from '../states/vault.js';
import { TestDatabase } from './support/database.js';
import { until } from './support/sandbox.js';

const WRITER = path.join(import.meta.dirname, 'support', 'state_writer.js');
const SECRET = 'a secret for the tests of stored logins';
const log = pino({ level: 'silent' });

describe('stored logins', () => {
  /** @type {TestDatabase} */
  let database;
  /** @type {Vault[]} */
  const vaults = [];
  let sessions = 0;
  const newVault = (secret = SECRET) => {
    const vault = new Vault({
      database: new Database({ uri: () => database.uri, deadline: 15_000, log }),
      secret: () => secret,
      log,
    });
    vaults.push(vault);
    return vault;
  };
  const newOwner = (epoch = 1) => {
    sessions += 1;
    return { session: `s${sessions}`, network: 'sandbox', epoch };
  };
  /** @param {number} n @param {string} [text] @returns {[string, string, string][]} */
  const many = (n, text = 'x'.repeat(200)) =>
    Array.from({ length: n }, (_, k) => ['pre-key', `${k}`, `${text}${k}`]);
  const damaged = { code: 'login_damaged' };

  before(async () => {
    database = await TestDatabase.start(fs.mkdtempSync(path.join(os.tmpdir(), 'wabot-states-')));
  });
  after(async () => {
    await Promise.all(vaults.map((vault) => vault.close()));
    await database.kill();
    fs.rmSync(database.data, { recursive: true, force: true });
  });

  test('what was set is there for the next who opens it, deletions too', async () => {
    const owner = newOwner();
    const first = await newVault().open(owner);
    await first.set([['creds', 'creds', 'one'], ...many(300)]);
    await first.set([
      ['session', 'a', 'A'],
      ['pre-key', '7', null],
    ]);
    await first.set(many(200, 'y'.repeat(200)));
    const second = await newVault().open(owner);
    assert.deepEqual(await second.get('creds', ['creds', 'other']), { creds: 'one' });
    assert.deepEqual(await second.get('session', ['a']), { a: 'A' });
    const keys = await second.get('pre-key', ['7', '199', '299', '300']);
    assert.deepEqual(keys, {
      7: `${'y'.repeat(200)}7`,
      199: `${'y'.repeat(200)}199`,
      299: `${'x'.repeat(200)}299`,
    });
    await second.set([['pre-key', '299', null], ...many(100, 'z'.repeat(400))]);
    await second.set([['session', 'b', 'B']]);
    assert.deepEqual(await second.get('pre-key', ['299']), {});
  });

  test('nothing of it can be read in the database, nor whose it is', async () => {
    const ledger = await newVault().open(newOwner());
    await ledger.set([['session', '4915112340001', 'a private key'], ...many(250)]);
    await ledger.set([['session', '4915112340002', 'another']]);
    const all = await database.look(async (db) => [
      ...(await db.collection('engine_logins').find().toArray()),
      ...(await db.collection('engine_records').find().toArray()),
    ]);
    const text = all.map((one) => JSON.stringify(one) + Object.values(one).map(String).join()).join('\n');
    assert.ok(all.length > 250);
    assert.doesNotMatch(text, /private|another|49151/);
  });

  test('a writer who was followed by another is refused, whoever writes first', async () => {
    const owner = newOwner();
    const old = await newVault().open(owner);
    await old.set([['session', 'a', 'old']]);
    const now = await newVault().open({ ...owner, epoch: 2 });
    await assert.rejects(old.set([['session', 'a', 'from the past']]), { code: 'stale_epoch' });
    await now.set([['session', 'a', 'new']]);
    await assert.rejects(old.set([['session', 'b', 'from the past']]), { code: 'stale_epoch' });
    await assert.rejects(newVault().open(owner), { code: 'stale_epoch' });
    assert.deepEqual(await now.get('session', ['a', 'b']), { a: 'new' });
  });

  test('of many who open it at the same time one writes', async () => {
    const owner = newOwner();
    const opened = await Promise.allSettled([1, 2, 3, 4, 5].map(() => newVault().open(owner)));
    const ledgers = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const writes = await Promise.allSettled(
      ledgers.map((ledger, n) => ledger.set([['creds', 'creds', `${n}`]])),
    );
    assert.equal(writes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  test('a late writer can not lay its old records over newer ones', async () => {
    const owner = newOwner();
    const old = await newVault().open(owner);
    await old.set([['session', 'a', 'o'.repeat(30_000)]]);
    const now = await newVault().open({ ...owner, epoch: 2 });
    await now.set([['session', 'a', 'n'.repeat(30_000)]]);
    await now.set([['session', 'c', 'settles what was before']]);
    await old.set([['session', 'a', 'settles first, is refused then']]).catch(() => undefined);
    const next = await newVault().open({ ...owner, epoch: 3 });
    assert.deepEqual(await next.get('session', ['a']), { a: 'n'.repeat(30_000) });
  });

  for (const [what, spoil] of /** @type {const} */ ([
    ['torn', (/** @type {Buffer} */ sealed) => sealed.subarray(0, sealed.length / 2)],
    [
      'changed',
      (/** @type {Buffer} */ sealed) => Buffer.from(sealed.map((byte, n) => (n === 20 ? byte ^ 1 : byte))),
    ],
    ['emptied', () => Buffer.alloc(0)],
  ])) {
    test(`a ${what} record and a ${what} head are errors by name`, async () => {
      const owner = newOwner();
      const ledger = await newVault().open(owner);
      await ledger.set([['session', 'a', 'A'], ...many(150)]);
      await ledger.set([['session', 'b', 'settles the rest']]);
      await database.look(async (db) => {
        const records = db.collection(/** @type {any} */ ('engine_records'));
        const _id = { $gte: `${ledger.generation}:session:`, $lt: `${ledger.generation}:session;` };
        const record = await records.findOne(/** @type {any} */ ({ _id }), { promoteBuffers: true });
        assert.ok(record);
        await records.updateOne({ _id: record._id }, { $set: { sealed: spoil(record.sealed) } });
      });
      await assert.rejects(ledger.get('session', ['a']), damaged);
      await database.look(async (db) => {
        const heads = db.collection(/** @type {any} */ ('engine_logins'));
        const head = await heads.findOne({ generation: ledger.generation }, { promoteBuffers: true });
        await heads.updateOne({ _id: head?._id }, { $set: { pending: spoil(head?.pending) } });
      });
      await assert.rejects(newVault().open(owner), damaged);
    });
  }

  test('records that were swapped, and one put back from the past with its number, are errors', async () => {
    const ledger = await newVault().open(newOwner());
    await ledger.set([['session', 'a', 'A'], ['identity-key', 'a', 'B'], ...many(150)]);
    await ledger.set([['session', 'c', 'C']]);
    await database.look(async (db) => {
      const records = db.collection(/** @type {any} */ ('engine_records'));
      const of = async (/** @type {string} */ type) => {
        const _id = { $gte: `${ledger.generation}:${type}:`, $lt: `${ledger.generation}:${type};` };
        return records.findOne(/** @type {any} */ ({ _id }), { promoteBuffers: true });
      };
      const [one, other] = [await of('session'), await of('identity-key')];
      await records.updateOne({ _id: one?._id }, { $set: { sealed: other?.sealed } });
      await records.updateOne({ _id: other?._id }, { $set: { seq: other?.seq + 1000 } });
    });
    await assert.rejects(ledger.get('session', ['a']), damaged);
    await assert.rejects(ledger.get('identity-key', ['a']), damaged);
  });

  test('a head of another session, network or installation opens nothing', async () => {
    const owner = newOwner();
    await (await newVault().open(owner)).set([['creds', 'creds', 'mine']]);
    await assert.rejects(newVault('another secret, of another house').open(owner), damaged);
    await database.look(async (db) => {
      const heads = db.collection(/** @type {any} */ ('engine_logins'));
      const head = await heads.findOne(/** @type {any} */ ({ _id: `sandbox:${owner.session}` }), {
        promoteBuffers: true,
      });
      await heads.insertMany(
        /** @type {any} */ ([
          { ...head, _id: `live:${owner.session}` },
          { ...head, _id: 'sandbox:thief' },
        ]),
      );
    });
    await assert.rejects(newVault().open({ ...owner, network: 'live' }), damaged);
    await assert.rejects(newVault().open({ ...owner, session: 'thief' }), damaged);
  });

  test('forgotten at once, and cleared behind it', async () => {
    const owner = newOwner();
    const vault = newVault();
    const ledger = await vault.open(owner);
    await ledger.set(many(220));
    await ledger.set([['creds', 'creds', 'mine']]);
    await vault.forget(owner);
    await assert.rejects(ledger.set([['creds', 'creds', 'late']]), { code: 'stale_epoch' });
    const next = await newVault().open(owner);
    assert.deepEqual(await next.get('creds', ['creds']), {});
    const left = (/** @type {import('mongodb').Db} */ db) =>
      db.collection(/** @type {any} */ ('engine_records')).countDocuments({
        _id: /** @type {any} */ ({ $gte: `${ledger.generation}:`, $lt: `${ledger.generation};` }),
      });
    await until('cleared', async () => (await database.look(left)) === 0, 20_000);
    await vault.forget(owner);
    await vault.forget(newOwner());
  });

  test('a database that goes away is waited for, and nothing is written twice or lost', async () => {
    const ledger = await newVault().open(newOwner());
    await ledger.set([['creds', 'creds', 'before']]);
    await database.kill();
    const written = ledger.set([['creds', 'creds', 'meanwhile']]);
    const read = ledger.get('session', ['a']);
    await database.boot();
    await written;
    assert.deepEqual(await read, {});
    assert.deepEqual(await ledger.get('creds', ['creds']), { creds: 'meanwhile' });
    await ledger.set([['creds', 'creds', 'after']]);
  });

  test('a socket that ends while it is written to is tried again, another failure is not', async (t) => {
    const base = new Database({ uri: () => database.uri, deadline: 15_000, log });
    t.after(() => base.close());
    let looks = 0;
    const found = await base.run(async (collection) => {
      looks += 1;
      // What net.Socket says, unwrapped by the driver, after the other side's FIN.
      if (looks === 1) throw Object.assign(new Error('ended by the other party'), { code: 'EPIPE' });
      return collection('engine_logins').findOne({ _id: 'nobody' });
    });
    assert.deepEqual([found, looks], [null, 2]);
    const refused = Object.assign(new Error('refused'), { code: 'EACCES' });
    await assert.rejects(
      base.run(() => Promise.reject(refused)),
      refused,
    );
  });

  test('killed anywhere, each write is there as a whole or not at all, and none that was confirmed is lost', async () => {
    const owner = newOwner();
    let confirmed = 0;
    for (let life = 1; life <= 4; life += 1) {
      const child = fork(WRITER, [database.uri, SECRET, owner.session, String(life), String(confirmed)], {
        stdio: 'inherit',
      });
      child.on('message', (n) => {
        confirmed = Number(n);
      });
      const goal = confirmed + 7 * life;
      await until('some writes', () => confirmed >= goal, 30_000);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const ledger = await newVault().open({ ...owner, epoch: life });
      const ids = Array.from({ length: 12 }, (_, k) => `k${k}`);
      const found = await ledger.get('session', ids);
      const numbers = new Set(Object.values(found).map((text) => text.split(' ')[0]));
      assert.deepEqual([Object.keys(found).length, numbers.size], [12, 1], 'one write, whole');
      assert.ok(Number([...numbers][0]) >= confirmed, `${[...numbers]} after ${confirmed}`);
      confirmed = Number([...numbers][0]);
      await ledger.close();
    }
  });
});
