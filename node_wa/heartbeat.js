import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from './errors.js';

/**
 * Looks at a run every now and then, with a deadline, for as long as it is the session's. One miss takes `connected` back;
 * the second in a row gives the run up: on a busy machine a single slow answer must not cost a browser.
 *
 * @param {import('./run.js').Run} run
 * @param {import('./config.js').Lifecycle} times
 * @param {{isCurrent: () => boolean, seen: (state: string) => void, missed: (misses: number) => void}} session
 */
export async function keepLooking(run, times, { isCurrent, seen, missed }) {
  let misses = 0;
  while (isCurrent()) {
    if (misses === 0) await sleep(times.heartbeat, undefined, { ref: false }); // it keeps no process alive
    if (!isCurrent()) return;
    try {
      const { state } = await run.call('state', {}, times.heartbeatDeadline);
      misses = 0;
      if (isCurrent()) seen(state);
    } catch (error) {
      const hung = error instanceof GatewayError && error.code === 'deadline';
      if (!isCurrent()) return;
      if (hung) missed(++misses);
      else seen('connecting'); // it answers, and there is nothing of WhatsApp in the page just now
      if (!hung) misses = 0;
    }
  }
}
