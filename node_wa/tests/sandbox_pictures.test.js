import assert from 'node:assert/strict';
import test from 'node:test';
import { PNG } from 'pngjs';
import { readQr } from '../sandbox/qr_picture.js';
import { picture } from './support/sandbox_pictures.js';

const QR = `2@${'aB3/'.repeat(16)},${'k'.repeat(43)}=,${'i'.repeat(43)}=,${'s'.repeat(43)}=,1`;

/** @type {Record<string, import('./support/sandbox_pictures.js').Look>} */
const LOOKS = {
  'modules of 3 px': { module: 3 },
  'modules of 4 px': { module: 4 },
  'modules of 5 px': { module: 5 },
  'modules of 10 px': { module: 10 },
  'dark on transparency': { module: 6, seeThrough: true },
  'small on a white screenshot': { module: 3, canvas: [1280, 800], at: [700, 300] },
  'on a busy screenshot': { module: 4, canvas: [1280, 900], at: [500, 200], busy: true },
  'on a large busy screenshot': { module: 5, canvas: [1920, 1080], at: [800, 300], busy: true },
};

for (const [name, look] of Object.entries(LOOKS)) {
  test(`a QR code is read: ${name}`, async () => {
    assert.equal(await readQr(picture(QR, look)), QR);
  });
}

test('a data URL is as good as bare base64', async () => {
  assert.equal(await readQr(`data:image/png;base64,${picture(QR, { module: 4 })}`), QR);
});

test('several pictures at once wait for each other', async () => {
  const image = picture(QR, { module: 4 });
  assert.deepEqual(await Promise.all(Array.from({ length: 5 }, () => readQr(image))), Array(5).fill(QR));
});

test('what is no picture, or a picture without a code, is unreadable', async () => {
  const blank = PNG.sync.write(new PNG({ width: 40, height: 40 })).toString('base64');
  const tooLarge = Buffer.from(blank, 'base64');
  tooLarge.writeUInt32BE(100_000, 16);
  tooLarge.writeUInt32BE(100_000, 20);
  const damaged = Buffer.from(picture(QR, { module: 4 }), 'base64').fill(7, 60, 200);
  for (const image of ['', 'hello', blank, tooLarge.toString('base64'), damaged.toString('base64')]) {
    await assert.rejects(readQr(image), { code: 'qr_unreadable', status: 422 });
  }
});
