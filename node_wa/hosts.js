import { fork } from 'node:child_process';
import { GatewayError } from './errors.js';

/**
 * The hosts: child processes that run engines, several sessions each. One host is always kept warm, so that a first session
 * need not wait for Node to load the library. A host that dies is told to each of its runs as `ended`, reason `host_ended`.
 */

const PROGRAM = new URL('./host.js', import.meta.url);
/** What a host and its browsers may see of our environment: never a setting that holds a secret. */
const PASSED =
  /^(PATH|HOME|TMPDIR|TZ|LANG|LC_.*|LOG_LEVEL|NODE_.*|XDG_.*|DBUS_.*|FONTCONFIG_.*|(https?|no|all)_proxy)$/i;

/** The library leaves a little memory behind with every browser: a host is replaced, when it is empty, after so many. */
const RUNS_A_HOST = 50;

/** @typedef {(event: string, data: any) => void} Listener */

export class Host {
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void, timer: NodeJS.Timeout}>} */
  #calls = new Map();
  #n = 0;
  /** @type {Map<string, Listener>} by run */
  runs = new Map();
  alive = true;
  served = 0;
  /** PSS at the last weighing. @type {number | null} */
  memory_mb = null;

  /** @param {import('pino').Logger} log */
  constructor(log) {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED.test(name)));
    this.child = fork(PROGRAM, {
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'json',
    });
    this.pid = this.child.pid ?? 0;
    this.log = log.child({ host: this.pid });
    this.exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.on('message', (message) => this.#heard(message));
    this.child.on('error', (error) => this.log.error({ err: error }, 'host can not be spoken to'));
    this.child.once('exit', (status, signal) => this.#gone(status, signal));
  }

  /** What each of its sessions adds to a browser's weight, MB. */
  get share() {
    return (this.memory_mb ?? 0) / Math.max(this.runs.size, 1);
  }

  /** @param {any} message */
  #heard({ n, value, error, run, event, data }) {
    if (n === undefined) return this.runs.get(run)?.(event, data);
    const call = this.#calls.get(n);
    if (!call) return undefined; // answered after its deadline
    this.#calls.delete(n);
    clearTimeout(call.timer);
    return error ? call.reject(new GatewayError(error.code, error.detail)) : call.resolve(value);
  }

  /**
   * @param {string} run
   * @param {string} method
   * @param {object} args
   * @param {number} ms deadline
   * @returns {Promise<any>} rejects with the engine's coded error, `deadline`, or `host_ended`
   */
  call(run, method, args, ms) {
    if (!this.alive) return Promise.reject(new GatewayError('host_ended'));
    this.#n += 1;
    const n = this.#n;
    return new Promise((resolve, reject) => {
      const late = () => {
        this.#calls.delete(n);
        reject(new GatewayError('deadline', `${method} took longer than ${ms} ms`));
      };
      this.#calls.set(n, { resolve, reject, timer: setTimeout(late, ms) });
      this.child.send({ n, run, method, args });
    });
  }

  /** @param {number | null} status @param {NodeJS.Signals | null} signal */
  #gone(status, signal) {
    this.alive = false;
    this.log[this.runs.size > 0 ? 'error' : 'info'](
      { status, signal, sessions: this.runs.size },
      'host ended',
    );
    for (const { reject, timer } of this.#calls.values()) {
      clearTimeout(timer);
      reject(new GatewayError('host_ended'));
    }
    this.#calls.clear();
    for (const listener of [...this.runs.values()])
      listener('ended', { reason: 'host_ended', detail: signal ?? `${status}` });
  }

  /** Closing the pipe is enough for a healthy host; one that does not go is killed. */
  async end() {
    if (!this.alive) return;
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.kill(), 1_000);
    await this.exited;
    clearTimeout(timer);
  }

  kill() {
    this.child.kill('SIGKILL');
  }
}

export class Hosts {
  /** @type {Set<Host>} */
  #hosts = new Set();
  #closed = false;

  /** @param {{perHost: number, log: import('pino').Logger}} options */
  constructor({ perHost, log }) {
    this.perHost = perHost;
    this.log = log;
  }

  /** The fullest host that still has room, so that the others can empty and go. */
  pick() {
    const fitting = [...this.#hosts].filter((host) => host.alive && host.runs.size < this.perHost);
    fitting.sort((a, b) => b.runs.size - a.runs.size);
    const host = fitting[0] ?? this.#grow();
    host.served += 1;
    return host;
  }

  /** Makes sure a host is warm. */
  warm() {
    this.pick();
  }

  #grow() {
    if (this.#closed) throw new GatewayError('shutting_down');
    const host = new Host(this.log);
    this.#hosts.add(host);
    host.exited.then(() => this.#hosts.delete(host));
    return host;
  }

  /** A run has left: an empty host goes when another is warm, or when it has served for long enough. @param {Host} host */
  release(host) {
    if (host.runs.size > 0 || !host.alive || this.#closed) return;
    const spare = [...this.#hosts].some(
      (other) => other !== host && other.alive && other.runs.size < this.perHost,
    );
    const isOld = host.served >= RUNS_A_HOST;
    if (isOld && !spare) this.#grow();
    if (isOld || spare) host.end();
  }

  alive() {
    return [...this.#hosts].filter((host) => host.alive);
  }

  list() {
    const rounded = (/** @type {number | null} */ mb) => mb && Math.round(mb * 10) / 10;
    return this.alive().map(({ pid, runs, memory_mb }) => ({
      pid,
      sessions: runs.size,
      memory_mb: rounded(memory_mb),
    }));
  }

  async close() {
    this.#closed = true;
    await Promise.all([...this.#hosts].map((host) => host.end()));
  }
}
