import { existsSync, unlinkSync } from 'node:fs';
import path from 'node:path';

/**
 * Named places where a test may have the process killed (wabot/lib/crash_points.py says how): a file `run/crash-<name>` under
 * WABOT_DATA, removed first, so that the next life passes. Only with WABOT_CRASH_POINTS=1.
 */

const ARMED = process.env.WABOT_CRASH_POINTS === '1';

/** @typedef {'gateway.before-engine' | 'gateway.after-engine' | 'journal.before-write' | 'journal.after-write' | 'events.after-post'} Point */

/** @param {Point} name */
export function crashPoint(name) {
  if (!ARMED) return;
  const armed = path.join(process.env.WABOT_DATA ?? '', 'run', `crash-${name}`);
  if (!existsSync(armed)) return;
  unlinkSync(armed);
  process.kill(process.pid, 'SIGKILL');
}
