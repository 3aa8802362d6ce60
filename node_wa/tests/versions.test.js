/** What WhatsApp Web's versions take away: counted, kept, and named by the session. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeLog } from '../log.js';
import { Versions } from '../versions.js';
import { Gateway } from './support/gateway.js';
import { Sandbox, until } from './support/sandbox.js';

describe('versions', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'wabot-versions-'));
  const open = () => new Versions(directory, makeLog('test'));
  after(() => fs.rmSync(directory, { recursive: true }));
  /** @param {Versions} versions */
  const bare = (versions) => versions.list().map(({ last_seen, ...rest }) => rest);

  test('sessions count once each, by what they saw last, and are kept', async () => {
    const versions = open();
    versions.saw('2.1', 'a', ['send', 'acks'], true);
    versions.saw('2.1', 'b', ['acks'], false);
    versions.saw('2.1', 'a', ['acks'], false);
    versions.saw('2.2', 'a', [], false);
    versions.saw(null, 'c', ['send'], true);
    const wanted = [
      { web_version: '2.2', sessions: 1, missing: {}, unusable: 0 },
      { web_version: '2.1', sessions: 2, missing: { acks: 2 }, unusable: 0 },
    ];
    assert.deepEqual(bare(versions), wanted);
    await versions.close();
    assert.deepEqual(bare(open()), wanted);
  });

  test('a torn file costs the figures only, and fifty versions are kept', async () => {
    fs.writeFileSync(path.join(directory, 'versions.json'), '[["2.1"');
    const versions = open();
    assert.deepEqual(versions.list(), []);
    for (let n = 0; n < 60; n += 1) versions.saw(`3.${n}`, 'a', [], false);
    assert.deepEqual([versions.list().length, versions.list()[0].web_version], [50, '3.59']);
    await versions.close();
  });
});

describe('a site that takes something away', () => {
  const ME = '+4915112370001';
  /** @type {Sandbox} */
  let sandbox;
  /** @type {Gateway} */
  let gateway;
  before(async () => {
    sandbox = await Sandbox.start();
    gateway = await Gateway.start(sandbox.data, { WA_SYNC_GRACE_MS: '1500', WA_SYNC_TIMEOUT_MS: '4000' });
  });
  after(async () => {
    await gateway.close();
    await sandbox.stop();
  });

  test('is named by the session, told to web, and counted', async () => {
    const { web_version, missing } = await gateway.link('works', sandbox, ME);
    assert.deepEqual(missing, []);
    await gateway.link('site', sandbox, ME);
    await sandbox.ok('PUT', '/faults', { web_profile: 'store_missing' });
    await gateway.put('site', { epoch: 2 });
    const session = await gateway.status('site', 'failed', 20_000);
    assert.deepEqual([session.reason, session.linked], ['whatsapp_changed', true]);
    for (const ability of ['acks', 'incoming']) assert.ok(session.missing.includes(ability), session.missing);
    const told = await until(
      'told',
      () => gateway.web.told('session.status', (data) => data.status === 'failed')[0],
    );
    assert.deepEqual(told.data.missing, session.missing);

    const [version, ...others] = (await gateway.call('GET', '/versions')).body.items;
    assert.deepEqual(others, []);
    const { missing: missed, ...counts } = version;
    assert.deepEqual(counts, { web_version, sessions: 2, unusable: 1, last_seen: counts.last_seen });
    assert.equal(missed.incoming, 1);
  });
});
