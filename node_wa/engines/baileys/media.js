import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { GatewayError } from '../../errors.js';
import { within } from '../../lib/deadline.js';
import { Lock } from '../../lib/lock.js';
import { contentOf, describe, FILES } from './letters.js';

/** Files of messages, one at a time, straight to the disk. Where they come from is ours to say, never the message's. */

const DOWNLOAD_MS = 55_000;
const MAX_WAITING = 20;

export class Media {
  #line = new Lock();
  #waiting = 0;

  /** @param {{library: any, keepsakes: import('./keepsakes.js').Keepsakes, origin: string | null}} parts */
  constructor({ library, keepsakes, origin }) {
    this.library = library;
    this.keepsakes = keepsakes;
    this.origin = origin;
  }

  /** @param {any} keys @param {import('../contract.js').WantedMedia} wanted @returns {Promise<import('../contract.js').FetchedMedia>} */
  async fetch(keys, wanted) {
    if (this.#waiting >= MAX_WAITING) throw new GatewayError('busy');
    this.#waiting += 1;
    try {
      return await this.#line.run(() => this.#fetch(keys, wanted));
    } finally {
      this.#waiting -= 1;
    }
  }

  /** @param {any} keys @param {import('../contract.js').WantedMedia} wanted */
  async #fetch(keys, { wa_message_id: id, max_bytes, file }) {
    const message = await this.keepsakes.find(keys, 'files', id);
    const part = message && contentOf(this.library, message);
    if (!part || !FILES[part.type] || !this.origin) throw new GatewayError('media_gone');
    const { media } = describe(part);
    if ((media?.size ?? 0) > max_bytes) throw new GatewayError('media_too_large');
    const late = () => new GatewayError('media_unavailable', 'the file did not come in time');
    const { sha256, size } = await within(this.#download(part, max_bytes, file), DOWNLOAD_MS, late);
    return { sha256, size, mimetype: media?.mimetype ?? null, filename: media?.filename ?? null };
  }

  /** @param {{directPath: string, mediaKey: Uint8Array}} content as the sender wrote it */
  #located({ directPath, mediaKey }) {
    const url = new URL(directPath, `${this.origin}`);
    if (url.origin !== this.origin) throw new GatewayError('media_gone', 'the file is said to be elsewhere');
    return { url: url.href, mediaKey };
  }

  /** @param {{type: string, content: any}} part @param {number} max @param {string} file */
  async #download({ type, content }, max, file) {
    const aside = `${file}.new`;
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(aside, 'w', 0o600);
    try {
      const stream = await this.library
        .downloadContentFromMessage(this.#located(content), FILES[type])
        .catch((/** @type {any} */ error) => {
          throw new GatewayError(
            isGone(error) ? 'media_gone' : 'media_unavailable',
            'WhatsApp does not give the file',
          );
        });
      const written = await writeAll(stream, handle, max);
      await handle.sync();
      await rename(aside, file);
      return written;
    } catch (error) {
      await rm(aside, { force: true });
      throw error instanceof GatewayError
        ? error
        : new GatewayError('media_unavailable', 'the file came broken');
    } finally {
      await handle.close();
    }
  }
}

/** @param {AsyncIterable<Buffer>} stream @param {import('node:fs/promises').FileHandle} handle @param {number} max */
async function writeAll(stream, handle, max) {
  const digest = createHash('sha256');
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > max) throw new GatewayError('media_too_large');
    digest.update(chunk);
    await handle.write(chunk);
  }
  return { sha256: digest.digest('hex'), size };
}

/** @param {any} error */
const isGone = (error) =>
  [403, 404, 410].includes(error?.output?.statusCode ?? error?.data?.status ?? error?.status);
