/** Building and reading stanzas. */

/** @typedef {import('./library.js').Stanza} Stanza */

export const SERVER = 's.whatsapp.net';

/**
 * @param {string} tag
 * @param {Record<string, string | number | undefined>} [attrs] those undefined are left out
 * @param {Stanza[] | Uint8Array | string} [content]
 * @returns {Stanza}
 */
export function stanza(tag, attrs = {}, content = undefined) {
  const given = Object.entries(attrs).filter(([, value]) => value !== undefined);
  return { tag, attrs: Object.fromEntries(given.map(([key, value]) => [key, String(value)])), content };
}

/** The code with which a device is asked to come back on a new connection. */
export const RESTART = 515;
export const restart = () => stanza('stream:error', { code: RESTART });

/** @param {Stanza | undefined} parent @returns {Stanza[]} */
export const children = (parent) => (Array.isArray(parent?.content) ? parent.content : []);

/** @param {Stanza | undefined} parent @param {string} tag */
export const child = (parent, tag) => children(parent).find((each) => each.tag === tag);

/**
 * @param {Stanza | undefined} parent
 * @param {string} [tag] of the child that holds them; the parent itself when left out
 * @returns {Buffer}
 * @throws {TypeError} when there are none
 */
export function bytesIn(parent, tag) {
  const content = (tag === undefined ? parent : child(parent, tag))?.content;
  if (!(content instanceof Uint8Array)) throw new TypeError(`no bytes in ${tag ?? parent?.tag}`);
  return Buffer.from(content);
}

/** @param {Stanza | undefined} parent @param {string} tag */
export function numberIn(parent, tag) {
  const bytes = bytesIn(parent, tag);
  return bytes.readUIntBE(0, Math.min(bytes.length, 6));
}

/** @param {number} value @param {number} length */
export function numberBytes(value, length) {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}

export const seconds = () => Math.floor(Date.now() / 1000);
