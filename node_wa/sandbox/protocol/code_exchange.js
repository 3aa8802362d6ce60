/**
 * Linking with a code typed on the phone: neither side sends the code, both prove that they know it by agreeing on a secret.
 * A wrong code ends in another secret, and what the device sends then can't be opened.
 */
import { pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Problem } from '../problems.js';
import { newKeyPair } from './keys.js';
import { bytesIn, child, SERVER, seconds, stanza } from './stanzas.js';

const ROUNDS = 131_072;
const SALT_BYTES = 32;
const IV_BYTES = 16;
const GCM_IV_BYTES = 12;
const EXCHANGE_MS = 10_000;
const NONE = Buffer.alloc(0);

/** @typedef {import('./stanzas.js').Stanza} Stanza */

export class CodeExchange {
  ref = randomBytes(32);
  /** @type {{resolve: (query: Stanza) => void, reject: (problem: Problem) => void} | null} */
  #awaited = null;

  /**
   * @param {import('./pairing.js').Pairing} pairing
   * @param {Buffer} wrapped the device's ephemeral key under the code
   */
  constructor(pairing, wrapped) {
    this.pairing = pairing;
    this.wrapped = wrapped;
  }

  /** @param {Stanza} query with the device's last word */
  finish(query) {
    this.#awaited?.resolve(query);
  }

  closed() {
    this.#awaited?.reject(new Problem('device_gone'));
  }

  /**
   * @param {string} code
   * @param {string} number
   * @returns {Promise<string>} the secret, as it would stand in a QR code
   * @throws {Problem} code_foreign, device_gone
   */
  async prove(code, number) {
    const { library, keys } = this.pairing.rooms;
    const account = keys.of(number).identity;
    const own = newKeyPair();
    const theirs = await this.#unwrap(code);
    this.#hello(await this.#wrap(code, own.public), account.public);
    const shared = library.Curve.sharedKey(own.private, theirs);
    const { identity, random } = this.#checked(await this.#untilFinished(), shared, account.public);
    const agreed = library.Curve.sharedKey(account.private, identity);
    const secret = library.hkdf(Buffer.concat([shared, agreed, random]), 32, { info: 'adv_secret' });
    return Buffer.from(secret).toString('base64');
  }

  /** @param {string} code */
  async #unwrap(code) {
    const salt = this.wrapped.subarray(0, SALT_BYTES);
    const iv = this.wrapped.subarray(SALT_BYTES, SALT_BYTES + IV_BYTES);
    const sealed = this.wrapped.subarray(SALT_BYTES + IV_BYTES);
    return this.pairing.rooms.library.aesDecryptCTR(sealed, await keyFrom(code, salt), iv);
  }

  /** @param {string} code @param {Buffer} key */
  async #wrap(code, key) {
    const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(IV_BYTES)];
    const sealed = this.pairing.rooms.library.aesEncryptCTR(key, await keyFrom(code, salt), iv);
    return Buffer.concat([salt, iv, sealed]);
  }

  /** @param {Buffer} wrapped @param {Buffer} identity */
  #hello(wrapped, identity) {
    const type = 'link_code_companion_reg';
    const content = [
      stanza('link_code_pairing_wrapped_primary_ephemeral_pub', {}, wrapped),
      stanza('primary_identity_pub', {}, identity),
      stanza('link_code_pairing_ref', {}, this.ref),
    ];
    const attrs = { id: `code-${seconds()}`, from: SERVER, type, t: seconds() };
    this.pairing.connection.send(
      stanza('notification', attrs, [stanza(type, { stage: 'primary_hello' }, content)]),
    );
  }

  /** @param {Stanza} query @param {Buffer} shared @param {Buffer} account */
  #checked(query, shared, account) {
    try {
      const bundle = this.#open(shared, child(query, 'link_code_companion_reg'));
      const [identity, seen] = [bundle.subarray(0, 32), bundle.subarray(32, 64)];
      if (!seen.equals(account) || !identity.equals(this.pairing.published.identity)) throw new TypeError();
      this.pairing.answer(query);
      return { identity, random: bundle.subarray(64) };
    } catch {
      this.pairing.refuse(query);
      throw new Problem('code_foreign');
    }
  }

  /** @param {Buffer} shared @param {Stanza | undefined} finish */
  #open(shared, finish) {
    const sealed = bytesIn(finish, 'link_code_pairing_wrapped_key_bundle');
    const { library } = this.pairing.rooms;
    const salt = sealed.subarray(0, SALT_BYTES);
    const info = 'link_code_pairing_key_bundle_encryption_key';
    const key = library.hkdf(shared, 32, { salt, info });
    const iv = sealed.subarray(SALT_BYTES, SALT_BYTES + GCM_IV_BYTES);
    return library.aesDecryptGCM(sealed.subarray(SALT_BYTES + GCM_IV_BYTES), key, iv, NONE);
  }

  /** @returns {Promise<Stanza>} */
  #untilFinished() {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const finished = new Promise((resolve, reject) => {
      this.#awaited = { resolve, reject };
      timer = setTimeout(() => reject(new Problem('device_gone')), EXCHANGE_MS);
    });
    return finished.finally(() => {
      clearTimeout(timer);
      this.#awaited = null;
    });
  }
}

/** @param {string} code @param {Buffer} salt */
const keyFrom = (code, salt) => promisify(pbkdf2)(code, salt, ROUNDS, 32, 'sha256');
