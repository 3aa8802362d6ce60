/**
 * How a page comes to be linked: it shows QR codes whose refs are made here and change as on WhatsApp (the first holds
 * 60 s, five more 20 s each, then none until it asks again), or an eight-letter code for a number. Nothing of this
 * survives a restart, as it doesn't need to: a page that reconnects is given a new ref.
 */
import { createHmac, randomBytes, randomInt } from 'node:crypto';
import { Problem } from './problems.js';

const FIRST_REF_MS = 60_000;
const NEXT_REF_MS = 20_000;
const REFS_IN_A_ROW = 6;
const CODE_MS = 180_000;
const REMEMBERED_CODES = 1_000;
/** What WhatsApp writes pairing codes with: no 0, I, O, U. */
const CODE_LETTERS = '123456789ABCDEFGHJKLMNPQRSTVWXYZ';

/**
 * @typedef {object} Candidate a page that wants to be linked
 * @property {boolean} isThere false once its socket is gone
 * @property {string} noiseKey base64, as it stands in the QR code
 * @property {string} identityKey base64
 * @property {boolean} [takesAllRefs] it turns the codes itself, and is given all refs in one go
 * @property {(ref: string | null, ttl: number) => void} [showRef] null: no more refs until asked
 * @property {(refs: string[]) => void} [showRefs] none: all have expired
 * @property {(code: string, number: string) => Promise<string>} [proveCode] where it made the code itself: the secret both
 *   sides then have; rejects with a Problem when it is another code
 * @property {(number: string, advSecret: string | null) => Promise<{id: string}>} pair hands it the account; rejects with a Problem
 *
 * @typedef {{ref: string | null, shown: number, expires: number, timer: NodeJS.Timeout | undefined,
 *   all?: {ref: string, expires: number}[]}} Showing
 */

export class Linking {
  /** @type {Map<Candidate, Showing>} */
  #showing = new Map();
  /** @type {Map<string, {candidate: Candidate, number: string, expires: number}>} by code, oldest first */
  #codes = new Map();
  /** @type {Map<Candidate, {number: string, expires: number}>} that made a code themselves */
  #proving = new Map();

  /**
   * @param {Buffer} secret kept: tells this sandbox's refs from all others
   * @param {import('./faults.js').Faults} faults
   */
  constructor(secret, faults) {
    this.secret = secret;
    this.faults = faults;
    faults.on('change', () => this.#rearm());
  }

  /** @param {Candidate} candidate */
  open(candidate) {
    this.close(candidate);
    this.#showing.set(candidate, { ref: null, shown: 0, expires: 0, timer: undefined });
    if (candidate.takesAllRefs) this.#showAll(candidate);
    else this.#next(candidate);
  }

  /** @param {Candidate} candidate */
  close(candidate) {
    clearTimeout(this.#showing.get(candidate)?.timer);
    this.#showing.delete(candidate);
    this.#proving.delete(candidate);
  }

  /** @param {Candidate} candidate */
  #showAll(candidate) {
    let expires = Date.now();
    const all = Array.from({ length: REFS_IN_A_ROW }, (_, shown) => {
      expires += this.#ttl(shown);
      return { ref: this.#newRef(), expires };
    });
    const gone = () => candidate.showRefs?.([]);
    const timer = setTimeout(gone, expires - Date.now());
    this.#showing.set(candidate, { ref: null, shown: REFS_IN_A_ROW, expires, timer, all });
    candidate.showRefs?.(all.map(({ ref }) => ref));
  }

  /** @param {number} shown before */
  #ttl(shown) {
    return this.faults.values.expire_qr_ms || (shown === 0 ? FIRST_REF_MS : NEXT_REF_MS);
  }

  /** @param {Candidate} candidate */
  #next(candidate) {
    const showing = this.#showing.get(candidate);
    if (!showing) return;
    if (showing.shown === REFS_IN_A_ROW) {
      showing.ref = null;
      candidate.showRef?.(null, 0);
      return;
    }
    const ttl = this.#ttl(showing.shown);
    showing.ref = this.#newRef();
    showing.shown += 1;
    this.#expireIn(candidate, showing, ttl);
    candidate.showRef?.(showing.ref, ttl);
  }

  /**
   * @param {Candidate} candidate
   * @param {Showing} showing
   * @param {number} ttl
   */
  #expireIn(candidate, showing, ttl) {
    clearTimeout(showing.timer);
    showing.expires = Date.now() + ttl;
    showing.timer = setTimeout(() => this.#next(candidate), ttl);
  }

  /** A changed `expire_qr_ms` holds for the ref that is shown now too. */
  #rearm() {
    const ttl = this.faults.values.expire_qr_ms;
    if (!ttl) return;
    for (const [candidate, showing] of this.#showing) {
      if (showing.ref && showing.expires - Date.now() > ttl) this.#expireIn(candidate, showing, ttl);
    }
  }

  #newRef() {
    const random = randomBytes(30).toString('base64');
    return `2@${random}${this.#seal(random)}`;
  }

  /** @param {string} random */
  #seal(random) {
    return createHmac('sha256', this.secret).update(random).digest('base64').slice(0, 24);
  }

  /** @param {string} ref */
  #isOurs(ref) {
    return ref.startsWith('2@') && ref.length === 66 && this.#seal(ref.slice(2, 42)) === ref.slice(42);
  }

  /**
   * A phone of `number` scanned this text.
   *
   * @param {string} text `ref,noise key,identity key,adv secret,platform`, with or without WhatsApp's link in front
   * @param {string} number
   * @throws {Problem} qr_foreign, qr_stale, or what pairing throws
   */
  async scan(text, number) {
    const [ref, noiseKey, identityKey, advSecret, platform] = text
      .replace(/^https:\/\/wa\.me\/[^#]*#/, '')
      .split(',');
    if (!platform || !this.#isOurs(ref)) throw new Problem('qr_foreign');
    const candidate = this.#showingNow(ref);
    if (candidate.noiseKey !== noiseKey || candidate.identityKey !== identityKey)
      throw new Problem('qr_foreign');
    return this.#pair(candidate, number, advSecret);
  }

  /** @param {string} ref */
  #showingNow(ref) {
    for (const [candidate, { ref: shown, all = [] }] of this.#showing) {
      if (shown === ref || all.some((each) => each.ref === ref && each.expires > Date.now()))
        return candidate;
    }
    throw new Problem('qr_stale');
  }

  /**
   * @param {Candidate} candidate
   * @param {string} number
   * @param {string | null} advSecret
   */
  async #pair(candidate, number, advSecret) {
    // A ref serves once: no other phone may use it while this one pairs.
    this.close(candidate);
    try {
      return await candidate.pair(number, advSecret);
    } catch (error) {
      if (candidate.isThere) this.open(candidate);
      throw error;
    }
  }

  /**
   * @param {Candidate} candidate
   * @param {string} number
   * @returns {string} eight letters to type on the phone of that number
   */
  makeCode(candidate, number) {
    const code = Array.from({ length: 8 }, () => CODE_LETTERS[randomInt(CODE_LETTERS.length)]).join('');
    for (const entry of this.#codes.values()) if (entry.candidate === candidate) entry.expires = 0;
    this.#codes.set(code, { candidate, number, expires: Date.now() + CODE_MS });
    if (this.#codes.size > REMEMBERED_CODES) this.#codes.delete([...this.#codes.keys()][0]);
    return code;
  }

  /**
   * The candidate made a code itself, and waits for a phone of that number to know it.
   *
   * @param {Candidate} candidate
   * @param {string} number
   */
  awaitCode(candidate, number) {
    this.#proving.set(candidate, { number, expires: Date.now() + CODE_MS });
  }

  /**
   * @param {string} text as a person types it: case, blanks and a dash do not matter
   * @param {string} number the phone it is typed on
   * @throws {Problem} code_foreign, code_stale, or what pairing throws
   */
  async enterCode(text, number) {
    const code = text.toUpperCase().replace(/[\s-]/g, '');
    const entry = this.#codes.get(code);
    if (entry?.number !== number) return this.#prove(code, number);
    if (entry.expires < Date.now() || !this.#showing.has(entry.candidate)) throw new Problem('code_stale');
    entry.expires = 0;
    return this.#pair(entry.candidate, number, null);
  }

  /** @param {string} code @param {string} number */
  async #prove(code, number) {
    const asking = [...this.#proving].filter(([, asked]) => asked.number === number).reverse();
    for (const [candidate, { expires }] of asking) {
      if (expires < Date.now()) throw new Problem('code_stale');
      const advSecret = await candidate.proveCode?.(code, number).catch(foreign);
      if (advSecret) return this.#pair(candidate, number, advSecret);
    }
    throw new Problem('code_foreign');
  }
}

/** Another candidate may have made this code. @param {unknown} problem */
function foreign(problem) {
  if (!(problem instanceof Problem)) throw problem;
  return null;
}
