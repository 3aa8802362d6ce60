import { coded } from './errors.js';

/** Errors that concern one message and not the session: the next one may well be sent. */
const OF_THE_MESSAGE = new Set(['not_on_whatsapp']);
/** Errors after which any of the messages of a call may have gone out. */
const OPEN = new Set(['outcome_unknown', 'internal']);

/** @typedef {import('./engines/contract.js').Outcome} Outcome */

/**
 * Hands messages over one after the other, several a call. It stops at the first that could not be: what comes after must not
 * pass it. The claim is looked at before each call: whoever slept past its lease, or was followed by another worker meanwhile,
 * goes no further.
 *
 * @param {import('./session.js').Session} session
 * @param {{epoch: number, claim: import('./session.js').Claim, messages: import('./schemas.js').Outgoing[]}} batch
 * @returns {Promise<Outcome[]>} of those that were tried, in their order
 */
export async function sendInOrder(session, { epoch, claim, messages }) {
  /** @type {Outcome[]} */
  const outcomes = [];
  while (outcomes.length < messages.length) {
    const some = await handOver(session, { epoch, claim, messages: messages.slice(outcomes.length) });
    outcomes.push(...some);
    const last = some.at(-1);
    if (!last || ('code' in last && !OF_THE_MESSAGE.has(last.code))) break;
  }
  return outcomes;
}

/** @param {import('./session.js').Session} session @param {Parameters<typeof sendInOrder>[1]} batch @returns {Promise<Outcome[]>} */
async function handOver(session, { epoch, claim, messages }) {
  try {
    session.claimed(claim);
    return await session.send(messages, epoch);
  } catch (error) {
    const { code, detail } = coded(error);
    return messages.slice(0, OPEN.has(code) ? undefined : 1).map(() => ({ code, detail }));
  }
}
