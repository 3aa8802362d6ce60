import { GatewayError } from './errors.js';
import { within } from './lib/deadline.js';
import { brief } from './log.js';

/** As long as somebody who logs out can be kept waiting. */
const LOGOUT_MS = 4_500;

/**
 * Tells WhatsApp of a log-out. What it doesn't hear of is logged out on this side all the same, so nothing is thrown.
 *
 * @param {() => Promise<unknown>} leave settles when WhatsApp has confirmed it
 * @param {import('pino').Logger} log
 * @returns {Promise<boolean>} whether WhatsApp heard of it
 */
export async function tellOfLogout(leave, log) {
  const late = () => new GatewayError('deadline', 'WhatsApp does not confirm the log-out');
  try {
    await within(leave(), LOGOUT_MS, late);
    return true;
  } catch (error) {
    log.warn({ err: brief(error) }, 'WhatsApp could not be told of the log-out');
    return false;
  }
}
