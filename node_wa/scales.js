import { processes, pssOf } from './lib/proc.js';

/**
 * What the sessions weigh: each its browser's process group and its share of the host it runs in, as PSS, so that the sum
 * over all sessions is what the machine gives for them. One walk over /proc a round, and one file a process of ours.
 */

/**
 * @param {Iterable<import('./session.js').Session>} sessions
 * @param {import('./hosts.js').Hosts} hosts
 */
export async function weigh(sessions, hosts) {
  await Promise.all(hosts.alive().map(weighHost));
  const all = await processes();
  for (const session of sessions) await weighSession(session, all);
}

/** @param {import('./hosts.js').Host} host */
async function weighHost(host) {
  host.memory_mb = (await pssOf(host.pid)) || null;
}

/** @param {import('./session.js').Session} session @param {import('./lib/proc.js').Process[]} all */
async function weighSession(session, all) {
  const { run, pid } = session.keeper;
  const group = pid ? all.filter((entry) => entry.group === pid) : [];
  const sizes = await Promise.all(group.map((entry) => pssOf(entry.pid)));
  const browser = sizes.reduce((total, size) => total + size, 0);
  if (run !== session.keeper.run) return; // it was replaced meanwhile: the next round weighs the new one
  const weighs = run && (browser || run.host.kind.isShared);
  session.note({ memory_mb: weighs ? rounded(browser + run.host.share) : null });
  if (browser && run?.ready && session.facts.memory_mb)
    session.keeper.weight.weighed(run, session.facts.memory_mb);
}

/** @param {number} mb */
const rounded = (mb) => Math.round(mb * 10) / 10;
