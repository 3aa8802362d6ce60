/** Signal keys as they stand in stanzas. */
import { bytesIn, child, children, numberBytes, numberIn, stanza } from './stanzas.js';

const CURVE25519 = Buffer.from([5]);

/**
 * @typedef {import('./phone_keys.js').Bundle} Bundle
 * @typedef {import('./stanzas.js').Stanza} Stanza
 */

/** @param {Bundle} bundle @returns {Stanza[]} */
export function bundleStanzas({ registrationId, identity, signedPreKey, preKey }) {
  const signed = [...keyStanzas(signedPreKey), stanza('signature', {}, signedPreKey.signature)];
  const oneTime = preKey ? [stanza('key', {}, keyStanzas(preKey))] : [];
  return [
    stanza('registration', {}, numberBytes(registrationId, 4)),
    stanza('type', {}, CURVE25519),
    stanza('identity', {}, identity),
    stanza('skey', {}, signed),
    ...oneTime,
  ];
}

/** @param {{keyId: number, public: Uint8Array}} key */
const keyStanzas = (key) => [stanza('id', {}, numberBytes(key.keyId, 3)), stanza('value', {}, key.public)];

/** @param {Stanza | undefined} key @returns {{keyId: number, public: Buffer}} */
const keyIn = (key) => ({ keyId: numberIn(key, 'id'), public: publicKey(bytesIn(key, 'value')) });

/** @param {Stanza | undefined} key @returns {Bundle['signedPreKey']} */
export const signedKeyIn = (key) => ({ ...keyIn(key), signature: bytesIn(key, 'signature') });

/** @param {Stanza} upload @returns {{keyId: number, public: Buffer}[]} */
export const preKeysIn = (upload) => children(child(upload, 'list')).map(keyIn);

/**
 * @param {Stanza} receipt that asks for a message again, perhaps with the keys for a new session
 * @returns {Bundle | null}
 */
export function bundleInRetry(receipt) {
  const keys = child(receipt, 'keys');
  if (!keys) return null;
  const oneTime = child(keys, 'key');
  return {
    registrationId: numberIn(receipt, 'registration'),
    identity: publicKey(bytesIn(keys, 'identity')),
    signedPreKey: signedKeyIn(child(keys, 'skey')),
    preKey: oneTime && keyIn(oneTime),
  };
}

/** @param {Buffer} bytes */
function publicKey(bytes) {
  if (bytes.length !== 32) throw new TypeError('not a public key');
  return bytes;
}
