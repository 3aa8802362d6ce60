import { readdir, readFile } from 'node:fs/promises';

/** Looks at processes through /proc (Linux, proc(5)). A zombie counts as gone: it holds nothing any more. */

/** @typedef {{pid: number, group: number}} Process */

/** @returns {Promise<Process[]>} all that live */
export async function processes() {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(names.map((name) => lookAt(Number(name))));
  return all.filter((entry) => entry !== null);
}

/** @param {number} pid @returns {Promise<Process | null>} */
async function lookAt(pid) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''); // it ended meanwhile
  const [state, , group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return !text || state === 'Z' || state === 'X' ? null : { pid, group: Number(group) };
}

/** @param {number} pid */
export async function lives(pid) {
  return (await lookAt(pid)) !== null;
}

/** @param {number} group @returns {Promise<number[]>} pids of a process group */
export async function membersOf(group) {
  return (await processes()).filter((entry) => entry.group === group).map((entry) => entry.pid);
}

/** @param {number} pid negative for a process group @param {NodeJS.Signals} [signal] */
export function kill(pid, signal = 'SIGKILL') {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'ESRCH') throw error; // gone already is what was wanted
  }
}

/** Proportional set size: shared pages count by their share, so that sums are true. @param {number} pid @returns {Promise<number>} MB */
export async function pssOf(pid) {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => ''); // ended, or not ours
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024;
}
