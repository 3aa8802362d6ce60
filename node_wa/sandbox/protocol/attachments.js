/**
 * Files of messages as this protocol has them: encrypted with a key that stands in the message, fetched over HTTP, with a code
 * of ten bytes behind them. The key is worked out from the file's hash, so that nothing has to be kept.
 */
import { createCipheriv, createHmac } from 'node:crypto';

const PATH = /^\/mms\/(image|video|audio|document)\/([\w-]{43})$/;
const CODE_BYTES = 10;

/** By kind: the part of the message, and the family its keys belong to. @type {Record<string, [string, Family]>} */
const PARTS = {
  image: ['imageMessage', 'image'],
  sticker: ['stickerMessage', 'image'],
  video: ['videoMessage', 'video'],
  audio: ['audioMessage', 'audio'],
  ptt: ['audioMessage', 'audio'],
  document: ['documentMessage', 'document'],
};

/**
 * @typedef {'image' | 'video' | 'audio' | 'document'} Family
 * @typedef {{library: import('./library.js').Library, media: import('../media.js').MediaShelf, secret: Buffer}} FileRooms
 */

/**
 * @param {Buffer} secret
 * @param {import('../media.js').Media} media
 * @param {{kind?: string, caption: string}} about
 * @returns {import('baileys').proto.IMessage}
 */
export function fileLetter(secret, { hash, key, mimetype, filename, size }, { kind = 'document', caption }) {
  const [part, family] = PARTS[kind] ?? PARTS.document;
  const file = {
    directPath: `/mms/${family}/${hash}?key=${key}`,
    mediaKey: mediaKey(secret, hash),
    fileSha256: Buffer.from(hash, 'base64url'),
    fileLength: size,
    mimetype,
    fileName: filename,
    caption: caption || undefined,
    ptt: kind === 'ptt' || undefined,
  };
  return { [part]: file };
}

/**
 * @param {FileRooms} rooms
 * @param {URL} url
 * @returns {Promise<Buffer | null>} null when there is no such file, or no longer
 */
export async function sealedFile({ library, media, secret }, { pathname, searchParams }) {
  const [, family, hash] = PATH.exec(pathname) ?? [];
  const bytes = hash ? media.get(hash, searchParams.get('key') ?? '') : null;
  if (!bytes) return null;
  const { iv, cipherKey, macKey } = await library.getMediaKeys(
    mediaKey(secret, hash),
    /** @type {Family} */ (family),
  );
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv);
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
  const code = createHmac('sha256', /** @type {Buffer} */ (macKey))
    .update(iv)
    .update(sealed)
    .digest();
  return Buffer.concat([sealed, code.subarray(0, CODE_BYTES)]);
}

/** @param {Buffer} secret @param {string} hash */
const mediaKey = (secret, hash) => createHmac('sha256', secret).update(`media key ${hash}`).digest();
