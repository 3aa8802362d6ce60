/** The journal loses nothing: whenever it is killed, whatever is torn, whoever doesn't answer. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Delivery } from '../delivery.js';
import { append, Journals, log, numbers, write } from './support/journals.js';
import { until } from './support/sandbox.js';
import { Web } from './support/web.js';

const WRITER = path.join(import.meta.dirname, 'support', 'journal_writer.js');

/** @typedef {import('../journal.js').Journal} Journal */

describe('journal', () => {
  /** @type {Journals} */
  let journals;
  /** @type {Web} */
  let web;
  let limit = 0;
  before(async () => {
    web = await Web.start('secret');
    limit = web.limit;
  });
  after(() => web.stop());
  beforeEach(() => {
    journals = new Journals();
  });
  afterEach(() => {
    web.refuse = null;
    web.limit = limit;
    web.events.length = 0;
    journals.remove();
  });

  /** @param {string} bootId @returns {Promise<{journal: Journal, end: () => Promise<void>}>} one that web is told of */
  const delivering = async (bootId) => {
    const journal = await journals.open(bootId);
    const delivery = new Delivery({ journal, url: `${web.url}/internal/events`, secret: 'secret', log });
    delivery.run();
    const end = () => {
      delivery.stop();
      return journal.close();
    };
    return { journal, end };
  };

  test('what was appended is there after a restart, what was stored is not, and the count goes on', async () => {
    const first = await journals.open('a');
    await Promise.all([1, 2, 3].map((n) => append(first, n)));
    await first.stored(2);
    await first.close();
    const second = await journals.open('b');
    await append(second, 4);
    const events = second.peek().map((line) => JSON.parse(line));
    assert.deepEqual(
      events.map(({ seq, id }) => [seq, id]),
      [
        [3, 'a-3'],
        [4, 'b-4'],
      ],
    );
    await second.close();
  });

  test('a torn last line is cut off and written over', async () => {
    const first = await journals.open();
    await append(first, 1);
    await first.close();
    fs.appendFileSync(journals.file, '{"id":"boot-2","seq":2,"data":{"n":');
    const second = await journals.open();
    await append(second, 2);
    await second.close();
    const third = await journals.open();
    assert.deepEqual(numbers(third), [1, 2]);
    await third.close();
  });

  for (const [what, left] of [
    ['empty', ''],
    ['zeroed', '\0'.repeat(12)],
    ['torn', '{"seq":'],
    ['without a number', '{}'],
  ])
    test(`an offset that a power cut left ${what} is none: what is there is told again`, async () => {
      const first = await journals.open('a');
      await append(first, 1);
      await append(first, 2);
      await first.stored(1);
      await first.close();
      fs.writeFileSync(path.join(journals.directory, 'journal.offset'), left);
      const second = await journals.open('b');
      await append(second, 3);
      assert.deepEqual(numbers(second), [1, 2, 3]);
      assert.equal(JSON.parse(second.peek()[2]).seq, 3);
      await second.stored(3);
      await second.close();
      const third = await journals.open('c');
      assert.equal(third.pending, 0);
      await third.close();
    });

  test('stored lines are cut off the file, and the count survives an empty one', async () => {
    const first = await journals.open();
    const big = 'x'.repeat(50_000);
    for (let n = 0; n < 100; n += 1) {
      await write(first, { big });
      await first.stored(1);
    }
    await append(first, 7);
    assert.ok(fs.statSync(journals.file).size < 2_000_000, 'the file was compacted');
    assert.deepEqual(numbers(first), [7]);
    await first.stored(1);
    await first.close();
    fs.truncateSync(journals.file, 0);
    const second = await journals.open();
    await append(second, 8);
    assert.equal(JSON.parse(second.peek()[0]).seq, 102);
    await second.close();
  });

  /** Enough for the file to be written anew. @param {Journal} journal @param {() => void} [down] called when a line is */
  const compact = async (journal, down = () => {}) => {
    const data = { big: 'x'.repeat(50_000) };
    for (let n = 0; n < 90; n += 1) {
      await write(journal, data);
      down();
      await journal.stored(1);
    }
  };

  test('lines go into the new file when the one before can not be closed', async () => {
    const journal = await journals.open();
    const earlier = /** @type {fsp.FileHandle} */ (journal.handle);
    const close = earlier.close.bind(earlier);
    earlier.close = () => Promise.reject(new Error('EIO'));
    await compact(journal);
    await append(journal, 7);
    assert.deepEqual(await journals.found(), [7]);
    earlier.close = close;
    await close();
    if (journal.handle !== earlier) await journal.close();
  });

  test('no line counts until the name of the new file is durable', async (t) => {
    const journal = await journals.open();
    const opened = fsp.open;
    let lines = 0;
    /** @type {number[]} how many lines counted at each refusal */
    const refused = [];
    t.after(() => {
      fsp.open = opened;
      syncBuiltinESMExports();
    });
    fsp.open = (name, ...more) => {
      const renamed = name === journals.directory && fs.statSync(journals.file).size < 1_000_000;
      if (!renamed || refused.length === 3) return opened(name, ...more);
      refused.push(lines);
      return Promise.reject(new Error('EMFILE'));
    };
    syncBuiltinESMExports();
    await compact(journal, () => {
      lines += 1;
    });
    await append(journal, 7);
    assert.deepEqual(refused, [refused[0], refused[0], refused[0]]);
    assert.deepEqual(await journals.found(), [7]);
    await journal.close();
  });

  test('a batch has at most 100 events and about a megabyte, but never none', async () => {
    const journal = await journals.open();
    await Promise.all(Array.from({ length: 150 }, (_, n) => append(journal, n)));
    assert.equal(journal.peek().length, 100);
    await journal.stored(150);
    const data = { big: 'x'.repeat(700_000) };
    for (let n = 0; n < 3; n += 1) await write(journal, data);
    assert.equal(journal.peek().length, 1);
    await journal.close();
  });

  test('it is full by what it holds in bytes as well as by how many, after a restart too', async () => {
    const data = { body: '字'.repeat(1_000) };
    const first = await journals.open('a');
    const written = Promise.all([1, 2].map(() => write(first, data)));
    assert.equal(first.isFull(200_000, 6_000), true, 'what is not on disk yet counts');
    await written;
    await first.close();
    const journal = await journals.open('b');
    const full = () => [journal.isFull(200_000, 6_000), journal.isFull(2), journal.isFull(3, 7_000)];
    assert.deepEqual(full(), [true, true, false]);
    await journal.stored(1);
    assert.deepEqual(full(), [false, false, false]);
    await journal.close();
  });

  test('ten long letters in a wide script are more than web takes at once, and get through', async () => {
    const { journal, end } = await delivering('wide');
    const data = { body: '字'.repeat(65_536) };
    await Promise.all(Array.from({ length: 10 }, () => write(journal, data)));
    await until('all stored', () => journal.pending === 0);
    await end();
  });

  test('what web takes only one by one gets through', async () => {
    web.limit = 1_000;
    const { journal, end } = await delivering('narrow');
    const data = { n: 'x'.repeat(700) };
    await Promise.all(Array.from({ length: 12 }, () => write(journal, data)));
    await until('all stored', () => journal.pending === 0);
    await end();
  });

  test('web is asked again, in order, until it has stored them', async () => {
    const journal = await journals.open('again');
    const delivery = new Delivery({ journal, url: `${web.url}/internal/events`, secret: 'secret', log });
    web.refuse = 503;
    const running = delivery.run();
    await Promise.all([1, 2, 3].map((n) => append(journal, n)));
    assert.equal(journal.pending, 3);
    web.refuse = null;
    await until('all stored', () => journal.pending === 0);
    assert.deepEqual(
      web.events.map(({ data }) => data.n),
      [1, 2, 3],
    );
    delivery.stop();
    await append(journal, 4);
    await running;
    await journal.close();
  });

  test('killed again and again: what was said to be written arrives, in order', async () => {
    let said = '';
    for (const size of [2_000, 9_000, 500, 20_000]) {
      const child = spawn(process.execPath, [
        WRITER,
        journals.directory,
        `${web.url}/internal/events`,
        'secret',
      ]);
      const begun = said.length;
      child.stdout.on('data', (chunk) => {
        said += chunk;
      });
      await until('it writes', () => said.length - begun > size);
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    const journal = await journals.open('last');
    const delivery = new Delivery({ journal, url: `${web.url}/internal/events`, secret: 'secret', log });
    delivery.run();
    await until('the rest is stored', () => journal.pending === 0);
    const written = said.slice(0, said.lastIndexOf('\n')).split('\n');
    const arrived = new Set(web.events.map(({ data }) => data.text));
    assert.deepEqual(
      written.filter((text) => !arrived.has(text)),
      [],
    );
    const order = web.events.map(({ seq }) => seq);
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
    assert.equal(new Set(order).size, order.length, 'no seq is used twice');
    delivery.stop();
    await journal.close();
  });
});
