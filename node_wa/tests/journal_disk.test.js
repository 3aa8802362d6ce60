/** What counts as written: what the disk has, and nothing before; whatever fails there, each event is in the file once. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { deferred } from '../lib/deadline.js';
import { append, Journals, numbers, write } from './support/journals.js';
import { until } from './support/sandbox.js';

describe('journal on disk', () => {
  /** @type {Journals} */
  let journals;
  beforeEach(() => {
    journals = new Journals();
  });
  afterEach(() => journals.remove());

  test('an event is neither told nor said to be written before the disk has it', async () => {
    const journal = await journals.open();
    const handle = /** @type {fs.promises.FileHandle} */ (journal.handle);
    const { promise, resolve } = deferred();
    const sync = handle.datasync.bind(handle);
    let syncing = 0;
    handle.datasync = async () => {
      syncing += 1;
      await promise;
      await sync();
    };
    let isWritten = false;
    const written = append(journal, 1).then(() => {
      isWritten = true;
    });
    await until('it is being synced', () => syncing === 1);
    assert.deepEqual([isWritten, numbers(journal)], [false, []]);
    resolve(undefined);
    await written;
    assert.deepEqual(numbers(journal), [1]);
    await journal.close();
  });

  test('what could not be synced is written again, once', async () => {
    const journal = await journals.open();
    const handle = /** @type {fs.promises.FileHandle} */ (journal.handle);
    const sync = handle.datasync.bind(handle);
    handle.datasync = () => {
      handle.datasync = sync;
      return Promise.reject(new Error('ENOSPC'));
    };
    await append(journal, 1);
    await append(journal, 2);
    await journal.close();
    assert.deepEqual(await journals.found(), [1, 2]);
  });

  test('what web has not stored yet is in the new file, too', async () => {
    const journal = await journals.open();
    for (let n = 1; n <= 90; n += 1) await write(journal, { n, big: 'x'.repeat(50_000) });
    await journal.stored(89);
    await append(journal, 91);
    await journal.close();
    assert.ok(fs.statSync(journal.file).size < 100_000, 'it was written anew');
    assert.deepEqual(await journals.found(), [90, 91]);
  });
});
