import { GatewayError } from '../../errors.js';

/** What the library and the browser throw, and WhatsApp's own words, as the codes of the contract. */

/** WhatsApp Web's ack numbers (whatsapp-web.js, MessageAck). @type {Record<number, import('../contract.js').Ack>} */
const ACKS = { [-1]: 'failed', 0: 'pending', 1: 'sent', 2: 'delivered', 3: 'read', 4: 'read' };

/** @param {unknown} ack @returns {import('../contract.js').Ack} */
export const ackName = (ack) => ACKS[Number(ack)] ?? 'pending';

/** States of WhatsApp Web that end a session (whatsapp-web.js, WAState). @type {Record<string, [string, string]>} */
const ENDS = {
  LOGOUT: ['unlinked_on_phone', 'unlinked on the phone'],
  UNPAIRED: ['unlinked_on_phone', 'unlinked on the phone'],
  UNPAIRED_IDLE: ['unlinked_on_phone', 'unlinked on the phone'],
  CONFLICT: ['opened_elsewhere', 'WhatsApp Web was opened elsewhere with this login'],
  TOS_BLOCK: ['logged_out', 'WhatsApp has blocked this number'],
  SMB_TOS_BLOCK: ['logged_out', 'WhatsApp has blocked this number'],
  PROXYBLOCK: ['whatsapp_unreachable', 'WhatsApp refuses this network'],
  DEPRECATED_VERSION: ['whatsapp_changed', 'WhatsApp refuses this version of WhatsApp Web'],
};

/** @param {string} state @returns {[string, string] | undefined} reason code and detail */
export const endOf = (state) => ENDS[state];

/** @type {Array<[RegExp, string]>} */
const FAILURES = [
  [/net::ERR_|ERR_NAME_NOT_RESOLVED|NS_ERROR_/, 'whatsapp_unreachable'],
  [/auth timeout|ready timeout/, 'auth_timeout'],
  [/Execution context was destroyed|Cannot find context|frame (was|got) detached/i, 'connection_lost'],
  [/Target closed|Session closed|Connection closed|detached|Browser closed/i, 'browser_ended'],
  [/Page crashed/i, 'page_crashed'],
  [/protocolTimeout|timed out/i, 'page_hung'],
];

/**
 * That a page went away or was slow says nothing about the site, nor does what it throws while it isn't connected; what else it
 * throws of itself does.
 * @param {unknown} error of a call into the page
 * @param {() => Promise<{state: string | null} | null>} look at the page
 * @returns {Promise<[string, string]>} reason code and detail
 */
export async function lossOf(error, look) {
  const [reason, detail] = failureOf(error);
  if (error instanceof GatewayError && error.code === 'deadline') return ['page_hung', detail];
  if (reason !== 'whatsapp_changed') return [reason, detail];
  const seen = await look().catch(() => null);
  return [seen?.state === 'CONNECTED' ? reason : 'connection_lost', detail];
}

/**
 * @param {unknown} error thrown by `initialize()`: an Error, or at times a plain string
 * @returns {[string, string]} reason code and detail
 */
export function failureOf(error) {
  const text = error instanceof Error ? error.message : String(error);
  const reason = FAILURES.find(([pattern]) => pattern.test(text))?.[1] ?? 'whatsapp_changed';
  return [reason, text.split('\n')[0].slice(0, 200)];
}
