/** Bytes of a socket into frames: an intro once, `[ED 00 01 len24 routing] WA 06 03`, then `len24 bytes` each. */

const ROUTED = Buffer.from('ED');
const ROUTED_HEAD_BYTES = 7;
const INTRO = Buffer.from([0x57, 0x41, 6, 3]);
const LENGTH_BYTES = 3;

export class Frames {
  /** @type {Buffer} */
  #bytes = Buffer.alloc(0);
  #introduced = false;

  /** @param {number} limit bytes of one frame */
  constructor(limit) {
    this.limit = limit;
  }

  /**
   * @param {Buffer} chunk
   * @returns {Buffer[]} what is whole by now
   * @throws {TypeError} not this protocol, or a frame over the limit
   */
  take(chunk) {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const frames = [];
    while (this.#hasIntro()) {
      const frame = this.#next();
      if (!frame) break;
      frames.push(frame);
    }
    return frames;
  }

  #hasIntro() {
    if (this.#introduced) return true;
    const skipped = this.#routingBytes();
    if (this.#bytes.length < skipped + INTRO.length) return false;
    if (!this.#bytes.subarray(skipped, skipped + INTRO.length).equals(INTRO)) throw new TypeError('no intro');
    this.#bytes = this.#bytes.subarray(skipped + INTRO.length);
    this.#introduced = true;
    return true;
  }

  #routingBytes() {
    if (!this.#bytes.subarray(0, ROUTED.length).equals(ROUTED)) return 0;
    if (this.#bytes.length < ROUTED_HEAD_BYTES) return Number.POSITIVE_INFINITY;
    return ROUTED_HEAD_BYTES + this.#checked(this.#bytes.readUIntBE(4, LENGTH_BYTES));
  }

  #next() {
    if (this.#bytes.length < LENGTH_BYTES) return null;
    const end = LENGTH_BYTES + this.#checked(this.#bytes.readUIntBE(0, LENGTH_BYTES));
    if (this.#bytes.length < end) return null;
    const frame = this.#bytes.subarray(LENGTH_BYTES, end);
    this.#bytes = this.#bytes.subarray(end);
    return frame;
  }

  /** @param {number} length */
  #checked(length) {
    if (length > this.limit) throw new TypeError('a frame is too long');
    return length;
  }
}

/** @param {Uint8Array} bytes */
export function framed(bytes) {
  const frame = Buffer.alloc(LENGTH_BYTES + bytes.length);
  frame.writeUIntBE(bytes.length, 0, LENGTH_BYTES);
  frame.set(bytes, LENGTH_BYTES);
  return frame;
}
