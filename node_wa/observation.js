/**
 * What was last observed of a session, and when. Nothing is claimed that was not seen.
 *
 *   disconnected ─► starting ─► qr | pairing ─► authenticating ─► connected ⇄ reconnecting
 *        ▲             │  ▲            │               │                          │
 *        │             │  └── restart ─┴───────────────┴── (never linked) ────────┤
 *        ├─ stop, logout, qr_not_scanned, unlinked_on_phone ◄──── any ────────────┤
 *        │                                                                        ▼
 *        └──────────────── PUT ◄── failed (reason a person can act on) ◄── budget, whatsapp_changed, …
 */

/** @typedef {'disconnected' | 'starting' | 'qr' | 'pairing' | 'authenticating' | 'connected' | 'reconnecting' | 'failed'} Status */

/** A change of one of these is told to web. */
const TOLD = /** @type {const} */ ([
  'status',
  'reason',
  'qr',
  'pairing_code',
  'phone',
  'push_name',
  'missing',
]);
/** @type {readonly string[]} */
export const NONE = Object.freeze([]);
const NO_LINKING = { qr: null, qr_expires_at: null, pairing_code: null };
/** Statuses in which a text or a code to link with may be shown. */
const LINKING = new Set(['qr', 'pairing']);

/**
 * @typedef {object} Facts
 * @property {Status} status
 * @property {string | null} reason
 * @property {string | null} phone
 * @property {string | null} push_name
 * @property {string} since
 * @property {string} observed_at
 * @property {string | null} qr
 * @property {string | null} qr_expires_at
 * @property {string | null} pairing_code
 * @property {string | null} web_version
 * @property {readonly string[]} missing abilities that this version of WhatsApp Web takes away
 * @property {number | null} memory_mb
 * @property {number} restarts
 * @property {string | null} last_error
 * @property {boolean} linked
 */

/** @param {unknown} a @param {unknown} b */
const isSame = (a, b) => a === b || (Array.isArray(a) && Array.isArray(b) && a.join() === b.join());

export class Observation {
  constructor() {
    const now = new Date().toISOString();
    /** @type {Facts} */
    this.facts = {
      status: 'disconnected',
      reason: null,
      phone: null,
      push_name: null,
      since: now,
      observed_at: now,
      ...NO_LINKING,
      web_version: null,
      missing: NONE,
      memory_mb: null,
      restarts: 0,
      last_error: null,
      linked: false,
    };
  }

  /**
   * @param {Partial<Facts>} change
   * @returns {boolean} whether web must be told
   */
  see(change) {
    const before = this.facts;
    const now = new Date().toISOString();
    const after = { ...before, ...change, observed_at: now };
    if (!LINKING.has(after.status)) Object.assign(after, NO_LINKING);
    if (after.status !== before.status) after.since = now;
    this.facts = after;
    return TOLD.some((name) => !isSame(after[name], before[name]));
  }

  /** Goes out with the next news. @param {Partial<Facts>} change */
  note(change) {
    Object.assign(this.facts, change);
  }

  /** The same as before, seen again. */
  confirm() {
    this.facts.observed_at = new Date().toISOString();
  }
}
