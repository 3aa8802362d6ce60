/** What the end of a connection means, by the code the library gives it (its `DisconnectReason`, and what WhatsApp's `failure` says). */

/**
 * `again`: connect anew, at once or with growing waits; else the session's reason code.
 * @typedef {{again: 'now' | 'later'} | {reason: string, detail: string}} Meaning
 */

/** @type {Record<number, Meaning>} */
const MEANINGS = {
  401: { reason: 'unlinked_on_phone', detail: 'unlinked on the phone' },
  403: { reason: 'logged_out', detail: 'WhatsApp has blocked this number' },
  405: { reason: 'whatsapp_changed', detail: 'WhatsApp refuses this version of the engine' },
  406: { reason: 'logged_out', detail: 'WhatsApp has blocked this number' },
  409: { reason: 'whatsapp_changed', detail: 'WhatsApp refuses this version of the engine' },
  411: { reason: 'logged_out', detail: 'the account is not set up for several devices' },
  440: { reason: 'opened_elsewhere', detail: 'this login was used elsewhere' },
  515: { again: 'now' },
};

/** @param {number} code @returns {Meaning} */
export const meaningOf = (code) => MEANINGS[code] ?? { again: 'later' };
