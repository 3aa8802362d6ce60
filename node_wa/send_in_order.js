import { coded } from './errors.js';

/** Errors that concern one message and not the session: the next one may well be sent. */
const OF_THE_MESSAGE = new Set(['not_on_whatsapp']);

/**
 * Hands messages over one after the other. It stops at the first that could not be: what comes after must not pass it. The
 * claim is looked at before each: whoever slept past its lease, or was followed by another worker meanwhile, goes no further.
 *
 * @param {import('./session.js').Session} session
 * @param {{epoch: number, claim: import('./session.js').Claim, messages: {id: string, to: string, body: string, wa_message_id: string, correlation_id: string}[]}} batch
 * @returns {Promise<({wa_message_id: string, ack: string} | {code: string, detail: string})[]>} one result a message that was
 *   tried, in their order
 */
export async function sendInOrder(session, { epoch, claim, messages }) {
  const results = [];
  for (const { correlation_id, ...message } of messages) {
    try {
      session.claimed(claim);
      results.push(await session.send({ ...message, epoch }, correlation_id));
    } catch (error) {
      const { code, detail } = coded(error);
      results.push({ code, detail });
      if (!OF_THE_MESSAGE.has(code)) break;
    }
  }
  return results;
}
