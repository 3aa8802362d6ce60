import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { GatewayError } from '../errors.js';

/**
 * AES-256-GCM. What a text belongs to goes in as associated data, so that one put in another's place is noticed, and so is a
 * text that was cut or changed.
 */

const NONCE = 12;
const TAG = 16;

/** @param {string} secret of the installation @param {string} purpose @returns {Buffer} */
export const derivedKey = (secret, purpose) => Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));

/** @returns {Buffer} */
export const newKey = () => randomBytes(32);

/** @param {Buffer} key @param {string[]} place @param {Buffer | string} plain @returns {Buffer} */
export function seal(key, place, plain) {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(bytesOf(place));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @param {Buffer} key @param {string[]} place @param {unknown} sealed @returns {Buffer} throws `login_damaged` */
export function unseal(key, place, sealed) {
  try {
    const bytes = /** @type {Buffer} */ (sealed);
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE), { authTagLength: TAG });
    decipher.setAAD(bytesOf(place)).setAuthTag(bytes.subarray(-TAG));
    return Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]);
  } catch {
    throw new GatewayError('login_damaged', `${place[0]}: torn, changed, or of another place`);
  }
}

/** A name that says nothing of what it stands for. @param {Buffer} key @param {string} id */
export const blindName = (key, id) => createHmac('sha256', key).update(id).digest('base64url').slice(0, 27);

/** Unambiguous, whatever is in the parts. @param {string[]} parts */
const bytesOf = (parts) => Buffer.from(JSON.stringify(parts));
