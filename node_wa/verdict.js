import { GatewayError } from './errors.js';
import { brief } from './log.js';

/**
 * What follows when a run has ended, by its reason code. A person can act on `failed` and `disconnected`; everything else
 * mends itself.
 *
 * @typedef {object} Verdict
 * @property {'retry' | 'failed' | 'disconnected'} outcome
 * @property {boolean} [wipe] the profile holds no login any more
 * @property {boolean} [forgiven] never ends the session, but the wait grows
 * @property {boolean} [uncounted] it was our own wish
 * @property {string} [reason] instead of the one given
 */

/** @type {Record<string, Verdict>} */
const FINAL = {
  unlinked_on_phone: { outcome: 'disconnected', wipe: true },
  logged_out: { outcome: 'failed', wipe: true },
  qr_not_scanned: { outcome: 'disconnected', wipe: true },
  opened_elsewhere: { outcome: 'failed' },
  whatsapp_changed: { outcome: 'failed' },
  login_damaged: { outcome: 'failed' },
  engine_not_allowed: { outcome: 'failed' },
};

/** For somebody who waits for a QR a quick answer is worth more than patience. */
const NEVER_LINKED_BUDGET = 3;

/**
 * @param {string} reason
 * @param {{linked: boolean, failures: number, budget: number}} history failures in a row, this one counted
 * @returns {Verdict}
 */
export function afterwards(reason, { linked, failures, budget }) {
  // Never connected with this login: the link was broken off when the page had it and the phone not yet. A new code is shown.
  const isBrokenOff = reason === 'unlinked_on_phone' && !linked;
  if (FINAL[reason] && !isBrokenOff) return FINAL[reason];
  const isAway = reason === 'whatsapp_unreachable';
  if (reason === 'memory_limit') return { outcome: 'retry', uncounted: true };
  if (reason === 'events_backed_up' || reason === 'database_away')
    return { outcome: 'retry', forgiven: true };
  if (!linked && (isAway || reason === 'auth_timeout')) return { outcome: 'failed' };
  if (isAway) return { outcome: 'retry', forgiven: true };
  if (failures > (linked ? budget : Math.min(budget, NEVER_LINKED_BUDGET)))
    return { outcome: 'failed', reason: 'out_of_restarts' };
  return isBrokenOff ? { outcome: 'retry', wipe: true, reason: 'connection_lost' } : { outcome: 'retry' };
}

/** Codes a start may fail with that say more than that it did. */
const OF_A_START = new Set([
  'whatsapp_unreachable',
  'host_ended',
  'login_damaged',
  'database_away',
  'engine_not_allowed',
]);

/** @param {unknown} error @returns {[string, string]} reason code and detail */
export function ofAStart(error) {
  const code = error instanceof GatewayError && OF_A_START.has(error.code) ? error.code : 'launch_failed';
  return [code, brief(error).message];
}
