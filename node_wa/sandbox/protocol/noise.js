/**
 * The server's side of Noise_XX_25519_AESGCM_SHA256: two messages of handshake, then frames encrypted with a counter each
 * way. It mirrors what the library does as the client.
 */
import { createHash } from 'node:crypto';
import { newKeyPair } from './keys.js';

const NONE = Buffer.alloc(0);

export class Noise {
  #hash;
  #salt;
  #key;
  #counter = 0;
  /** @type {{out: Buffer, in: Buffer, sent: number, received: number} | null} */
  #transport = null;

  /**
   * @param {import('./library.js').Library} library
   * @param {import('./certificates.js').Certificate} certificate
   */
  constructor(library, certificate) {
    this.library = library;
    this.certificate = certificate;
    this.ephemeral = newKeyPair();
    this.#hash = this.#salt = this.#key = Buffer.from(library.NOISE_MODE);
  }

  /**
   * @param {Uint8Array} clientEphemeral
   * @returns {{ephemeral: Buffer, static: Buffer, payload: Buffer}} the server's hello
   */
  hello(clientEphemeral) {
    const { keys, chain } = this.certificate;
    this.#mixHash(this.library.NOISE_WA_HEADER);
    this.#mixHash(clientEphemeral);
    this.#mixHash(this.ephemeral.public);
    this.#mixKey(this.#agree(this.ephemeral, clientEphemeral));
    const sealedKey = this.#seal(keys.public);
    this.#mixKey(this.#agree(keys, clientEphemeral));
    return { ephemeral: this.ephemeral.public, static: sealedKey, payload: this.#seal(chain) };
  }

  /**
   * @param {Uint8Array} sealedKey
   * @param {Uint8Array} sealedPayload
   * @returns {{key: Buffer, payload: Buffer}} the client's static key and what it wants
   * @throws {Error} when the client is not who it says, or saw another handshake
   */
  finish(sealedKey, sealedPayload) {
    const key = this.#open(sealedKey);
    this.#mixKey(this.#agree(this.ephemeral, key));
    const payload = this.#open(sealedPayload);
    const [incoming, outgoing] = this.#expand(NONE);
    this.#transport = { out: outgoing, in: incoming, sent: 0, received: 0 };
    return { key, payload };
  }

  get isOpen() {
    return this.#transport !== null;
  }

  /** @param {Uint8Array} frame */
  encrypt(frame) {
    const transport = this.#opened();
    return this.library.aesEncryptGCM(frame, transport.out, counterIv(transport.sent++), NONE);
  }

  /** @param {Uint8Array} frame */
  decrypt(frame) {
    const transport = this.#opened();
    return this.library.aesDecryptGCM(frame, transport.in, counterIv(transport.received++), NONE);
  }

  #opened() {
    if (!this.#transport) throw new TypeError('the handshake is not over');
    return this.#transport;
  }

  /** @param {import('./keys.js').KeyPair} own @param {Uint8Array} other */
  #agree(own, other) {
    return this.library.Curve.sharedKey(own.private, other);
  }

  /** @param {Uint8Array} data */
  #mixHash(data) {
    this.#hash = createHash('sha256').update(this.#hash).update(data).digest();
  }

  /** @param {Buffer} shared */
  #mixKey(shared) {
    [this.#salt, this.#key] = this.#expand(shared);
    this.#counter = 0;
  }

  /** @param {Buffer} shared */
  #expand(shared) {
    const both = Buffer.from(this.library.hkdf(shared, 64, { salt: this.#salt, info: '' }));
    return [both.subarray(0, 32), both.subarray(32)];
  }

  /** @param {Uint8Array} plain */
  #seal(plain) {
    const sealed = this.library.aesEncryptGCM(plain, this.#key, counterIv(this.#counter++), this.#hash);
    this.#mixHash(sealed);
    return sealed;
  }

  /** @param {Uint8Array} sealed */
  #open(sealed) {
    const plain = this.library.aesDecryptGCM(sealed, this.#key, counterIv(this.#counter++), this.#hash);
    this.#mixHash(sealed);
    return plain;
  }
}

/** @param {number} counter */
function counterIv(counter) {
  const iv = Buffer.alloc(12);
  iv.writeUInt32BE(counter, 8);
  return iv;
}
