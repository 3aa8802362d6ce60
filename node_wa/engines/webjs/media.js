import { createHash } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import wweb from 'whatsapp-web.js';
import { GatewayError } from '../../errors.js';
import { within } from '../../lib/deadline.js';
import { Lock } from '../../lib/lock.js';

/** Files of messages, fetched by the library one at a time: each passes through the memory of the page and of this process. */

const DOWNLOAD_MS = 55_000;
const MAX_WAITING = 20;

/** Its types leave out that it is exported. @type {() => Promise<{data: string} | undefined>} */
const download = /** @type {any} */ (wweb).Message.prototype.downloadMedia;

export class Media {
  #line = new Lock();
  #waiting = 0;

  /** @param {any} client of whatsapp-web.js @param {import('./page.js').Page} page */
  constructor(client, page) {
    this.client = client;
    this.page = page;
  }

  /**
   * @param {import('../contract.js').WantedMedia} wanted
   * @returns {Promise<import('../contract.js').FetchedMedia>}
   */
  async fetch(wanted) {
    if (this.#waiting >= MAX_WAITING) throw new GatewayError('busy');
    this.#waiting += 1;
    try {
      return await this.#line.run(() => this.#fetch(wanted));
    } finally {
      this.#waiting -= 1;
    }
  }

  /** @param {import('../contract.js').WantedMedia} wanted */
  async #fetch({ wa_message_id: id, chat, from_me, max_bytes, file }) {
    const found = await this.page.call('mediaOf', { chat, id, from_me });
    if (!found) throw new GatewayError('media_gone');
    if (found.size > max_bytes) throw new GatewayError('media_too_large');
    const data = await this.#download(found.key);
    if (data.length > max_bytes) throw new GatewayError('media_too_large');
    await writeDurably(file, data);
    const sha256 = createHash('sha256').update(data).digest('hex');
    return { sha256, size: data.length, mimetype: found.mimetype, filename: found.filename };
  }

  /** The library's own method needs no more of a message than this, and a message without `_serialized` is none to it. @param {string} key */
  async #download(key) {
    const message = { client: this.client, hasMedia: true, id: { _serialized: key } };
    const late = () => new GatewayError('media_unavailable', 'the file did not come in time');
    const media = await within(download.call(message), DOWNLOAD_MS, late);
    if (!media?.data) throw new GatewayError('media_gone');
    return Buffer.from(media.data, 'base64');
  }
}

/** @param {string} file @param {Buffer} data */
async function writeDurably(file, data) {
  const aside = `${file}.new`;
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(aside, 'w', 0o600);
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, file);
}
