/**
 * What virtual phones attach to messages: files under `WABOT_DATA/sandbox/media`, named by their hash, handed out to whoever
 * has the key that stood in the message. Bounded: the oldest go first, and are missing then, as on WhatsApp after some weeks.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { writeWhole } from './files.js';
import { LIMITS } from './limits.js';

/** Beside `text`: WhatsApp's own names of the kinds that carry a file. `ptt` is a voice note. */
export const MEDIA_KINDS = Object.freeze(['image', 'document', 'audio', 'ptt', 'video', 'sticker']);

/**
 * @typedef {{hash: string, key: string, mimetype: string, filename?: string, size: number}} Media `hash`: SHA-256, base64url
 */

export class MediaShelf {
  /** @param {string} dir @param {Buffer} secret keys are made of */
  constructor(dir, secret) {
    this.dir = dir;
    this.secret = secret;
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  /** @param {Buffer} bytes @param {{mimetype: string, filename?: string}} about @returns {Media} on disk when this returns */
  put(bytes, { mimetype, filename }) {
    const hash = createHash('sha256').update(bytes).digest('base64url');
    this.#makeRoom(bytes.length);
    writeWhole(path.join(this.dir, hash), bytes);
    return { hash, key: this.#keyOf(hash), mimetype, filename, size: bytes.length };
  }

  /** @param {string} hash @param {string} key @returns {Buffer | null} null when it is gone, or the key is not its own */
  get(hash, key) {
    if (!/^[\w-]{43}$/.test(hash)) return null;
    const [given, wanted] = [Buffer.from(key), Buffer.from(this.#keyOf(hash))];
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null;
    const file = path.join(this.dir, hash);
    return fs.existsSync(file) ? fs.readFileSync(file) : null;
  }

  clear() {
    for (const { file } of this.#files()) fs.rmSync(file, { force: true });
  }

  /** @param {string} hash */
  #keyOf(hash) {
    return createHmac('sha256', this.secret).update(`media:${hash}`).digest('base64url');
  }

  /** @param {number} bytes */
  #makeRoom(bytes) {
    const files = this.#files().sort((a, b) => a.at - b.at);
    let held = files.reduce((sum, { size }) => sum + size, bytes);
    for (const { file, size } of files) {
      if (held <= LIMITS.mediaHeldBytes) return;
      fs.rmSync(file, { force: true });
      held -= size;
    }
  }

  #files() {
    return fs.readdirSync(this.dir).map((name) => {
      const file = path.join(this.dir, name);
      const { size, mtimeMs } = fs.statSync(file);
      return { file, size, at: mtimeMs };
    });
  }
}

/** @param {string} mimetype @returns {string} the kind a phone would make of it */
export function kindOf(mimetype) {
  const [family] = mimetype.split('/');
  return ['image', 'audio', 'video'].includes(family) ? family : 'document';
}
