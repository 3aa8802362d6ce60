/**
 * Reads a QR code out of a picture, as a phone's camera would. The work is done in a thread of its own: a large
 * screenshot takes a good part of a second, and messages must go on meanwhile.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import jsqr from 'jsqr';
import { PNG } from 'pngjs';
import { LIMITS } from './limits.js';
import { Problem } from './problems.js';

const DECODE_MS = 15_000;
const AT_ONCE = 2;
const WAITING = 32;
const PNG_MAGIC = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Where width and height stand in a PNG: right behind the first chunk's head. */
const SIZE_AT = 16;
/** Enlarging helps with modules of a few pixels, a margin with codes cut close. */
const SCALES = [1, 2, 3];
const MARGIN = 24;

/** @typedef {{data: Uint8ClampedArray, width: number, height: number}} Picture */

let running = 0;
/** @type {(() => void)[]} */
const queue = [];

/**
 * @param {string} base64 a PNG, with or without `data:image/png;base64,` in front
 * @returns {Promise<string>} the text of the QR code
 * @throws {Problem} qr_unreadable, too_many_pictures
 */
export async function readQr(base64) {
  const png = Buffer.from(base64.replace(/^data:image\/png;base64,/, ''), 'base64');
  checkSize(png);
  await turn();
  try {
    const text = await decodeInThread(png);
    if (!text) throw new Problem('qr_unreadable', undefined, 'image');
    return text;
  } finally {
    const next = queue.shift();
    if (next) next();
    else running -= 1;
  }
}

/** Pictures wait for each other: a thread each would starve the messages. */
async function turn() {
  if (queue.length >= WAITING) throw new Problem('too_many_pictures');
  if (running < AT_ONCE) running += 1;
  else await new Promise((resolve) => queue.push(() => resolve(undefined)));
}

/** @param {Buffer} png */
function checkSize(png) {
  if (png.length < SIZE_AT + 8 || !png.subarray(0, 8).equals(PNG_MAGIC)) {
    throw new Problem('qr_unreadable', 'image is not a PNG in base64', 'image');
  }
  const pixels = png.readUInt32BE(SIZE_AT) * png.readUInt32BE(SIZE_AT + 4);
  if (pixels > LIMITS.picturePixels) throw new Problem('qr_unreadable', 'the picture is too large', 'image');
}

/**
 * @param {Buffer} png
 * @returns {Promise<string | null>}
 */
function decodeInThread(png) {
  const worker = new Worker(new URL(import.meta.url), { workerData: png });
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), DECODE_MS);
    worker.once('message', resolve);
    worker.once('error', () => resolve(null));
    worker.once('exit', () => {
      clearTimeout(timer);
      resolve(null);
    });
  }).finally(() => worker.terminate());
}

/**
 * @param {Buffer} png
 * @returns {string | null}
 */
function decode(png) {
  const picture = cropToInk(onWhite(PNG.sync.read(png)));
  for (const scale of SCALES) {
    const { data, width, height } = enlarge(picture, scale);
    const found = jsqr.default(data, width, height);
    if (found?.data) return found.data;
  }
  return null;
}

/**
 * @param {PNG} png
 * @returns {Picture}
 */
function onWhite({ data, width, height }) {
  const flat = new Uint8ClampedArray(data);
  for (let i = 0; i < flat.length; i += 4) {
    const alpha = flat[i + 3];
    for (let c = i; c < i + 3; c += 1) flat[c] = 255 + ((flat[c] - 255) * alpha) / 255;
    flat[i + 3] = 255;
  }
  return { data: flat, width, height };
}

/**
 * The part of the picture that differs from its corner, so that a small code on a wide page fills the view.
 *
 * @param {Picture} picture
 * @returns {{picture: Picture, left: number, top: number, right: number, bottom: number}}
 */
function cropToInk(picture) {
  const { data, width, height } = picture;
  const box = { left: width, top: height, right: 0, bottom: 0 };
  for (let i = 0; i < data.length; i += 4) {
    const differs =
      Math.abs(data[i] - data[0]) + Math.abs(data[i + 1] - data[1]) + Math.abs(data[i + 2] - data[2]);
    if (differs < 48) continue;
    const x = (i / 4) % width;
    const y = Math.floor(i / 4 / width);
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  }
  return { picture, ...box };
}

/**
 * @param {ReturnType<typeof cropToInk>} cropped
 * @param {number} scale
 * @returns {Picture}
 */
function enlarge({ picture, left, top, right, bottom }, scale) {
  const width = Math.max(1, (right - left + 1) * scale + 2 * MARGIN);
  const height = Math.max(1, (bottom - top + 1) * scale + 2 * MARGIN);
  const source = new Uint32Array(picture.data.buffer);
  const pixels = new Uint32Array(width * height).fill(source[0]);
  for (let y = MARGIN; y < height - MARGIN; y += 1) {
    const row = (top + Math.floor((y - MARGIN) / scale)) * picture.width + left;
    for (let x = MARGIN; x < width - MARGIN; x += 1) {
      pixels[y * width + x] = source[row + Math.floor((x - MARGIN) / scale)];
    }
  }
  return { data: new Uint8ClampedArray(pixels.buffer), width, height };
}

if (!isMainThread) parentPort?.postMessage(decode(Buffer.from(workerData)));
