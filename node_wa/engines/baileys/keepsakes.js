import { createHash } from 'node:crypto';

/**
 * Messages that may be asked for again: sent ones by a device that could not read them (`sent`), received ones for their files
 * (`files`). Each has its place by its id, among the session's records; a later one may take it, so their number is bounded.
 */

const PLACES = 512;

/** @param {string} id */
const placeOf = (id) => String(createHash('sha256').update(id).digest().readUInt16BE(0) % PLACES);

export class Keepsakes {
  /** @param {any} library */
  constructor(library) {
    this.library = library;
  }

  /** @param {any} keys @param {'sent' | 'files'} type @param {string} id @param {any} message */
  async keep(keys, type, id, message) {
    const bytes = Buffer.from(this.library.proto.Message.encode(message).finish()).toString('base64');
    await keys.set({ [`wabot-${type}`]: { [placeOf(id)]: { id, bytes } } });
  }

  /** @param {any} keys @param {'sent' | 'files'} type @param {string} id @returns {Promise<any>} undefined: forgotten */
  async find(keys, type, id) {
    const place = placeOf(id);
    const { [place]: kept } = await keys.get(`wabot-${type}`, [place]);
    return kept?.id === id ? this.library.proto.Message.decode(Buffer.from(kept.bytes, 'base64')) : undefined;
  }
}
