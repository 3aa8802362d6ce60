/** Small parts with rules of their own. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { ackName, endOf, failureOf } from '../engines/webjs/reasons.js';
import { CATALOGUE, coded, GatewayError, problem } from '../errors.js';
import { backoff } from '../lib/backoff.js';
import { deferred, within } from '../lib/deadline.js';
import { Lock, Slots } from '../lib/lock.js';
import { Observation } from '../observation.js';
import { Profile } from '../profile.js';
import { afterwards } from '../verdict.js';

describe('lock', () => {
  test('tasks never overlap, keep their order, and a failure stops nobody', async () => {
    const lock = new Lock();
    /** @type {string[]} */
    const steps = [];
    const gate = deferred();
    const first = lock.run(async () => {
      steps.push('first in');
      await gate.promise;
      steps.push('first out');
      throw new Error('first fails');
    });
    const second = lock.run(() => steps.push('second'));
    gate.resolve(undefined);
    await assert.rejects(first, /first fails/);
    await second;
    assert.deepEqual(steps, ['first in', 'first out', 'second']);
  });

  test('slots are given in turn, and giving one back twice gives one', async () => {
    const slots = new Slots(1);
    const giveBack = await slots.take();
    /** @type {string[]} */
    const got = [];
    const second = slots.take().then((give) => {
      got.push('second');
      return give;
    });
    slots.take().then(() => got.push('third'));
    giveBack?.();
    giveBack?.();
    const giveSecond = await second;
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(got, ['second']);
    giveSecond?.();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(got, ['second', 'third']);
  });

  test('who gives a request for a slot up gets none and holds up nobody', async () => {
    const slots = new Slots(1);
    const giveBack = await slots.take();
    const given = new AbortController();
    const [left, next] = [slots.take(given.signal), slots.take()];
    given.abort();
    assert.equal(await left, null);
    giveBack?.();
    (await next)?.();
    given.abort();
    assert.deepEqual([slots.free, await slots.take(given.signal)], [1, null]);
  });
});

describe('errors', () => {
  test('every code of the catalogue becomes a problem with its own status', () => {
    for (const [code, { status, title }] of Object.entries(CATALOGUE)) {
      const body = problem(new GatewayError(code, 'detail'), 'r1');
      assert.deepEqual(
        [body.code, body.status, body.title, body.detail, body.request_id],
        [code, status, title, 'detail', 'r1'],
      );
    }
  });

  test('what nobody foresaw is coded, cut short, and one line', () => {
    const error = coded(new Error(`first\nsecond ${'x'.repeat(500)}`), 'outcome_unknown');
    assert.deepEqual([error.code, error.detail], ['outcome_unknown', 'first']);
    assert.equal(coded('plain string').code, 'internal');
  });

  test('a deadline rejects with the error that was asked for', async () => {
    await assert.rejects(
      within(new Promise(() => {}), 5, () => new GatewayError('deadline')),
      { code: 'deadline' },
    );
  });
});

describe('verdict', () => {
  const linked = { linked: true, failures: 1, budget: 3 };
  const fresh = { ...linked, linked: false };

  test('only an end that a person must see ends a linked session', () => {
    for (const reason of [
      'browser_ended',
      'host_ended',
      'page_hung',
      'page_crashed',
      'launch_failed',
      'connection_lost',
      'auth_timeout',
    ])
      assert.equal(afterwards(reason, linked).outcome, 'retry', reason);
    assert.deepEqual(afterwards('unlinked_on_phone', linked), { outcome: 'disconnected', wipe: true });
    assert.equal(afterwards('whatsapp_changed', linked).wipe, undefined, 'the login is kept');
    const again = { outcome: 'retry', wipe: true, reason: 'connection_lost' };
    assert.deepEqual(afterwards('unlinked_on_phone', fresh), again, 'it was never connected with that login');
    assert.equal(afterwards('unlinked_on_phone', { ...fresh, failures: 4 }).outcome, 'failed');
  });

  test('the budget ends retries, but never while WhatsApp is away', () => {
    const spent = { ...linked, failures: 4 };
    assert.deepEqual(afterwards('page_hung', spent), { outcome: 'failed', reason: 'out_of_restarts' });
    assert.equal(afterwards('whatsapp_unreachable', spent).outcome, 'retry');
    assert.deepEqual(afterwards('whatsapp_unreachable', fresh), { outcome: 'failed' });
  });

  test('waits double up to the cap, and never less than half', () => {
    for (const [failures, full] of [
      [1, 100],
      [2, 200],
      [5, 1_000],
      [60, 1_000],
    ]) {
      const ms = backoff(failures, { min: 100, max: 1_000 });
      assert.ok(ms >= full / 2 && ms <= full, `${ms} of ${full}`);
    }
  });
});

describe('observation', () => {
  test('since moves with the status only, and a QR is gone once it is no use', () => {
    const seen = new Observation();
    assert.equal(seen.see({ status: 'qr', qr: 'text', qr_expires_at: 'soon' }), true);
    const { since } = seen.facts;
    assert.equal(seen.see({ status: 'qr', qr: 'next' }), true);
    assert.equal(seen.facts.since, since);
    assert.equal(seen.see({ memory_mb: 5 }), false, 'not told');
    assert.equal(seen.see({ status: 'authenticating' }), true);
    assert.deepEqual([seen.facts.qr, seen.facts.qr_expires_at], [null, null]);
  });
});

describe('profile', () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'wabot-profile-'));
  test.after(() => fs.rmSync(root, { recursive: true }));

  test('an id can not leave its directory', () => {
    for (const id of ['..', 'a/b', '', 'x'.repeat(65), 'a\0b', '.'])
      assert.throws(() => new Profile(root, 'live', id), { code: 'invalid_body' });
  });

  test('a login is kept for its engine and its network, and a torn note is none', async () => {
    const profile = new Profile(root, 'live', 'one');
    assert.equal(profile.login('webjs'), null);
    await profile.keep({ engine: 'webjs', phone: '+1', push_name: null, online_at: 5 });
    assert.equal(profile.login('webjs')?.phone, '+1');
    assert.equal(profile.login('other'), null);
    assert.equal(new Profile(root, 'sandbox', 'one').login('webjs'), null);
    fs.writeFileSync(profile.file, '{"engine":"we');
    assert.equal(profile.login('webjs'), null);
    await profile.wipe();
    assert.equal(fs.existsSync(profile.directory), false);
    await profile.wipe();
  });
});

describe('reasons', () => {
  test('what the library throws, a plain string too, has a code', () => {
    assert.equal(failureOf('auth timeout')[0], 'auth_timeout');
    assert.equal(
      failureOf(new Error('net::ERR_NAME_NOT_RESOLVED at https://web.whatsapp.com/'))[0],
      'whatsapp_unreachable',
    );
    assert.equal(failureOf(new Error('Protocol error: Target closed'))[0], 'browser_ended');
    assert.equal(failureOf(new Error('r: r'))[0], 'whatsapp_changed');
    assert.deepEqual([-1, 0, 1, 2, 3, 4].map(ackName), [
      'failed',
      'pending',
      'sent',
      'delivered',
      'read',
      'read',
    ]);
    assert.equal(endOf('CONNECTED'), undefined);
  });
});
