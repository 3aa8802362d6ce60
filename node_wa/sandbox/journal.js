/**
 * The sandbox's memory: one file of JSON lines, each an event. A line is handed to the kernel before anything is answered,
 * so killing the process at any moment loses nothing that was answered. Compacting writes a shorter file aside and renames
 * it over the old one: there is never a moment with half of each.
 */
import fs from 'node:fs';
import { log } from './log.js';

const COMPACT_ABOVE_BYTES = 8 * 1024 * 1024;

/** @typedef {import('./state.js').Event} Event */

export class Journal {
  #fd = -1;
  #size = 0;
  #sizeWhenCompact = 0;

  /** @param {string} path */
  constructor(path) {
    this.path = path;
  }

  /**
   * Reads every event and leaves the file open for appending.
   *
   * @returns {Event[]}
   */
  open() {
    const bytes = fs.existsSync(this.path) ? fs.readFileSync(this.path) : Buffer.alloc(0);
    const whole = bytes.lastIndexOf(0x0a) + 1;
    if (whole < bytes.length)
      log('warning', 'a torn last line of the journal is dropped', { bytes: bytes.length - whole });
    this.#fd = fs.openSync(this.path, 'a', 0o600);
    fs.ftruncateSync(this.#fd, whole);
    this.#size = whole;
    return parseLines(bytes.subarray(0, whole).toString());
  }

  /**
   * @param {Event[]} events
   * @throws {Error} when the disk refuses; then nothing of them is kept
   */
  append(events) {
    const bytes = encode(events);
    try {
      writeAll(this.#fd, bytes);
    } catch (error) {
      fs.ftruncateSync(this.#fd, this.#size);
      throw error;
    }
    this.#size += bytes.length;
  }

  get wantsCompacting() {
    return this.#size > Math.max(COMPACT_ABOVE_BYTES, 3 * this.#sizeWhenCompact);
  }

  /** @param {Event[]} events what the file shall hold from now on */
  compact(events) {
    const aside = `${this.path}.new`;
    const bytes = encode(events);
    const fd = fs.openSync(aside, 'w', 0o600);
    writeAll(fd, bytes);
    fs.fsyncSync(fd);
    fs.closeSync(fd);
    fs.renameSync(aside, this.path);
    fs.closeSync(this.#fd);
    this.#fd = fs.openSync(this.path, 'a', 0o600);
    this.#size = this.#sizeWhenCompact = bytes.length;
  }

  close() {
    if (this.#fd >= 0) fs.closeSync(this.#fd);
    this.#fd = -1;
  }
}

/** @param {Event[]} events */
const encode = (events) => Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));

/**
 * @param {number} fd
 * @param {Buffer} bytes
 */
function writeAll(fd, bytes) {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done);
}

/**
 * @param {string} text
 * @returns {Event[]}
 */
function parseLines(text) {
  const events = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (!line) continue;
    try {
      events.push(JSON.parse(line));
    } catch {
      log('error', 'a damaged line of the journal is skipped', { line: index + 1 });
    }
  }
  return events;
}
