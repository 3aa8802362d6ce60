/**
 * What virtual phones remember of linked devices, under `WABOT_DATA/sandbox/signal/<device>`: the keys each published
 * (`keys.json`), and each phone's Signal session with it (`<number>.json`). A session is on disk before what it encrypted is
 * sent, and before what it decrypted is told, so that killing the sandbox at any moment costs no message.
 */
import fs from 'node:fs';
import path from 'node:path';
import { writeWhole } from '../files.js';

const ID_BYTES = 3;
const KEY_BYTES = 32;
const PRE_KEY_BYTES = ID_BYTES + KEY_BYTES;

/**
 * @typedef {import('./phone_keys.js').Bundle} Bundle
 * @typedef {{registrationId: number, identity: string, signedPreKey: {keyId: number, public: string, signature: string},
 *   preKeys: string}} Kept in base64; pre-keys as `id (3 bytes) key (32 bytes)` one behind the other
 */

export class SignalShelf {
  /** @param {string} dir */
  constructor(dir) {
    this.dir = dir;
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  /** Forgets devices that are linked no more. @param {(id: string) => boolean} isLinked */
  sweep(isLinked) {
    for (const id of fs.readdirSync(this.dir)) {
      if (!isLinked(id)) fs.rmSync(path.join(this.dir, id), { recursive: true, force: true });
    }
  }

  // What a device published

  /** @param {string} device @param {Omit<Bundle, 'preKey'>} published replaces all of before */
  register(device, { registrationId, identity, signedPreKey }) {
    fs.mkdirSync(path.join(this.dir, device), { mode: 0o700 });
    this.#keep(device, {
      registrationId,
      identity: base64(identity),
      signedPreKey: keptSigned(signedPreKey),
      preKeys: '',
    });
  }

  /** @param {string} device @param {Bundle['signedPreKey']} signedPreKey */
  rotate(device, signedPreKey) {
    this.#keep(device, { ...this.#keys(device), signedPreKey: keptSigned(signedPreKey) });
  }

  /** @param {string} device @param {{keyId: number, public: Uint8Array}[]} preKeys added to those still unused */
  addPreKeys(device, preKeys) {
    const keys = this.#keys(device);
    const added = preKeys.map((key) => Buffer.concat([keyIdBytes(key.keyId), key.public]));
    const all = Buffer.concat([Buffer.from(keys.preKeys, 'base64'), ...added]);
    this.#keep(device, { ...keys, preKeys: base64(all) });
  }

  /** @param {string} device */
  preKeyCount(device) {
    return Buffer.from(this.#keys(device).preKeys, 'base64').length / PRE_KEY_BYTES;
  }

  /** @param {string} device @returns {Bundle} without a pre-key only when the device has none left */
  takeBundle(device) {
    const keys = this.#keys(device);
    const all = Buffer.from(keys.preKeys, 'base64');
    if (all.length > 0) this.#keep(device, { ...keys, preKeys: base64(all.subarray(PRE_KEY_BYTES)) });
    return { ...published(keys), preKey: all.length > 0 ? preKeyIn(all) : undefined };
  }

  /** @param {string} device */
  publishedBy(device) {
    return published(this.#keys(device));
  }

  /** @param {string} device @returns {Kept} */
  #keys(device) {
    return JSON.parse(fs.readFileSync(this.#file(device, 'keys'), 'utf8'));
  }

  /** @param {string} device @param {Kept} keys */
  #keep(device, keys) {
    writeWhole(this.#file(device, 'keys'), JSON.stringify(keys));
  }

  // Sessions

  /** @param {string} device @param {string} number @returns {any} null before the first message between the two */
  session(device, number) {
    const file = this.#file(device, number);
    return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : null;
  }

  /** @param {string} device @param {string} number @param {unknown} record */
  keepSession(device, number, record) {
    writeWhole(this.#file(device, number), JSON.stringify(record));
  }

  /** @param {string} device @param {string} name */
  #file(device, name) {
    return path.join(this.dir, device, `${name}.json`);
  }
}

/** @param {Uint8Array} bytes */
const base64 = (bytes) => Buffer.from(bytes).toString('base64');

/** @param {Bundle['signedPreKey']} key */
const keptSigned = ({ keyId, public: key, signature }) => ({
  keyId,
  public: base64(key),
  signature: base64(signature),
});

/** @param {number} keyId */
function keyIdBytes(keyId) {
  const bytes = Buffer.alloc(ID_BYTES);
  bytes.writeUIntBE(keyId, 0, ID_BYTES);
  return bytes;
}

/** @param {Buffer} all */
const preKeyIn = (all) => ({
  keyId: all.readUIntBE(0, ID_BYTES),
  public: all.subarray(ID_BYTES, PRE_KEY_BYTES),
});

/** @param {Kept} keys @returns {Bundle} */
const published = ({ registrationId, identity, signedPreKey: { keyId, ...signed } }) => ({
  registrationId,
  identity: Buffer.from(identity, 'base64'),
  signedPreKey: {
    keyId,
    public: Buffer.from(signed.public, 'base64'),
    signature: Buffer.from(signed.signature, 'base64'),
  },
});
