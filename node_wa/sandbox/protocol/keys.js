/** Key pairs on Curve25519, 32 bytes each, public keys without the type byte that Signal puts before them. */
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';

const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const KEY_BYTES = 32;

/** @typedef {{private: Buffer, public: Buffer}} KeyPair */

/** @returns {KeyPair} */
export function newKeyPair() {
  const { privateKey } = generateKeyPairSync('x25519');
  return keyPairOf(privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-KEY_BYTES));
}

/**
 * @param {Buffer} privateBytes
 * @returns {KeyPair}
 */
function keyPairOf(privateBytes) {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, privateBytes]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return { private: privateBytes, public: spki.subarray(-KEY_BYTES) };
}

/**
 * A key pair that need not be kept, since it can be made again.
 *
 * @param {Buffer} secret
 * @param {string} purpose
 */
export function derivedKeyPair(secret, purpose) {
  const bytes = createHmac('sha256', secret).update(purpose).digest();
  bytes[0] &= 0xf8;
  bytes[31] = (bytes[31] & 0x7f) | 0x40;
  return keyPairOf(bytes);
}
