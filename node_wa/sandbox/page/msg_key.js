/**
 * The key of a message: `<fromMe>_<remote>_<random part>[_out]`. Today's site keeps the text in `$1`; before July 2026
 * it was `_serialized`. `toString()` gives it either way.
 */
import { createWid } from './wid.js';

/**
 * @typedef {import('./wid.js').Wid} Wid
 * @typedef {{from?: Wid, to?: Wid, remote?: Wid, fromMe?: boolean, id: string, participant?: Wid, selfDir?: 'in' | 'out'}} KeyParts
 */

/** `3EB0` and 18 upper-case hex digits. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `3EB0${digits.toUpperCase()}`;
}

/** @param {'$1' | '_serialized'} field */
export function msgKeyClass(field) {
  return class MsgKey {
    /** @param {KeyParts} parts */
    constructor({ from, to, remote, fromMe, id, participant, selfDir }) {
      this.fromMe = fromMe ?? selfDir === 'out';
      this.remote = createWid(/** @type {Wid} */ (remote ?? (this.fromMe ? to : from)));
      this.id = id;
      if (participant) this.participant = participant;
      if (selfDir) this.self = selfDir;
      const parts = [this.fromMe, this.remote, id, participant, selfDir].filter((part) => part !== undefined);
      Object.assign(this, { [field]: parts.join('_') });
    }

    toString() {
      return /** @type {any} */ (this)[field];
    }

    static async newId() {
      return randomId();
    }

    /** @param {string} text */
    static fromString(text) {
      const [fromMe, remote, id, selfDir] = text.split('_');
      return new MsgKey({
        fromMe: fromMe === 'true',
        remote: createWid(remote),
        id,
        selfDir: selfDir === 'out' ? 'out' : undefined,
      });
    }
  };
}

/**
 * @typedef {ReturnType<typeof msgKeyClass>} MsgKeyClass
 * @typedef {InstanceType<MsgKeyClass>} MsgKey
 */
