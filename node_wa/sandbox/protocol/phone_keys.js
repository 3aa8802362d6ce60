/**
 * The Signal keys of virtual phones. All are worked out from this sandbox's secret and the number: there are a hundred
 * thousand numbers that exist by themselves, and a phone has to have the same identity after any restart.
 */
import { createHmac, randomInt } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { derivedKeyPair } from './keys.js';

const SIGNED_PRE_KEY_ID = 1;
const MAX_KEY_ID = 0xffffff;
const REMEMBERED_PHONES = 1_000;

/**
 * @typedef {import('./keys.js').KeyPair} KeyPair
 * @typedef {{keyId: number, public: Uint8Array, signature: Uint8Array}} SignedPreKey
 * @typedef {{registrationId: number, identity: Uint8Array, signedPreKey: SignedPreKey,
 *   preKey?: {keyId: number, public: Uint8Array}}} Bundle public keys without their type byte
 * @typedef {{registrationId: number, identity: KeyPair, signedPreKey: KeyPair, signature: Uint8Array}} Phone
 */

export class PhoneKeys {
  /** @type {LRUCache<string, Phone>} signing takes milliseconds */
  #phones = new LRUCache({ max: REMEMBERED_PHONES });

  /**
   * @param {import('./library.js').Library} library
   * @param {Buffer} secret
   */
  constructor(library, secret) {
    this.library = library;
    this.secret = secret;
  }

  /** @param {string} number */
  of(number) {
    const known = this.#phones.get(number);
    if (known) return known;
    const identity = derivedKeyPair(this.secret, `identity ${number}`);
    const signedPreKey = derivedKeyPair(this.secret, `signed pre-key ${number}`);
    const { Curve, generateSignalPubKey } = this.library;
    const signature = Curve.sign(identity.private, generateSignalPubKey(signedPreKey.public));
    const phone = { registrationId: this.#registrationId(number), identity, signedPreKey, signature };
    this.#phones.set(number, phone);
    return phone;
  }

  /** @param {string} number @param {number} keyId */
  oneTime(number, keyId) {
    return derivedKeyPair(this.secret, `pre-key ${keyId} ${number}`);
  }

  /** @param {string} number @returns {Bundle} what a device needs to write to this phone first */
  bundle(number) {
    const { registrationId, identity, signedPreKey, signature } = this.of(number);
    const keyId = randomInt(1, MAX_KEY_ID);
    return {
      registrationId,
      identity: identity.public,
      signedPreKey: { keyId: SIGNED_PRE_KEY_ID, public: signedPreKey.public, signature },
      preKey: { keyId, public: this.oneTime(number, keyId).public },
    };
  }

  /** @param {string} number */
  #registrationId(number) {
    const digest = createHmac('sha256', this.secret).update(`registration ${number}`).digest();
    return digest.readUInt16BE() & 0x3fff || 1;
  }
}
