import { fork } from 'node:child_process';
import { coded, GatewayError } from './errors.js';
import { brief } from './log.js';

/**
 * The hosts: child processes that run engines, several sessions each, all of one kind. Of the kind that is asked to be kept
 * warm one is always there, so that a first session need not wait for Node to load the library. A host that dies is told to
 * each of its runs as `ended`, reason `host_ended`.
 */

const PROGRAM = new URL('./host.js', import.meta.url);
/** What a host and its browsers may see of our environment: never a setting that holds a secret. */
const PASSED =
  /^(PATH|HOME|TMPDIR|TZ|LANG|LC_.*|LOG_LEVEL|NODE_.*|XDG_.*|DBUS_.*|FONTCONFIG_.*|(https?|no|all)_proxy)$/i;

/** The library leaves a little memory behind with every browser: a host is replaced, when it is empty, after so many. */
const RUNS_A_HOST = 50;

/** How long an empty host of a kind that isn't kept warm waits for the next session. */
const IDLE_MS = 30_000;

/** @typedef {(event: string, data: any) => void} Listener */
/** @typedef {{heard: Listener, answer: (what: string, args: any) => Promise<any>}} Tenant a run, as its host knows it */
/** @typedef {{name: string, engine: string, perHost: number, heap: number | null, isShared: boolean}} Kind `heap` in MB; `isShared`: by so many
 * sessions that one of them is no reason to end it */
const PING_MS = 3_000;

export class Host {
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void, timer: NodeJS.Timeout}>} */
  #calls = new Map();
  #n = 0;
  /** @type {Map<string, Tenant>} by run */
  runs = new Map();
  alive = true;
  /** It was told to go: nobody comes into it any more. */
  isLeaving = false;
  served = 0;
  /** PSS at the last weighing. @type {number | null} */
  memory_mb = null;

  /** @param {Kind} kind @param {import('pino').Logger} log */
  constructor(kind, log) {
    this.kind = kind;
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED.test(name)));
    this.child = fork(PROGRAM, [kind.engine], {
      env,
      execArgv: kind.heap ? [`--max-old-space-size=${kind.heap}`] : [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'json',
    });
    this.pid = this.child.pid ?? 0;
    this.log = log.child({ host: this.pid, kind: kind.name });
    /** @type {Promise<void>} */
    this.exited = new Promise((resolve) => {
      this.child.once('exit', (status, signal) => resolve(this.#gone(status, signal)));
      this.child.on('error', (error) => this.#failed(error) && resolve(this.#gone(null, null)));
    });
    this.child.on('message', (message) => this.#heard(message));
  }

  /** What each of its sessions adds to a browser's weight, MB. */
  get share() {
    return (this.memory_mb ?? 0) / Math.max(this.runs.size, 1);
  }

  /** @param {any} message */
  #heard({ n, value, error, run, event, data, ask, what, args }) {
    if (ask !== undefined) return this.#asked(ask, run, what, args);
    if (n === undefined) return this.runs.get(run)?.heard(event, data);
    const call = this.#calls.get(n);
    if (!call) return undefined; // answered after its deadline
    this.#calls.delete(n);
    clearTimeout(call.timer);
    return error ? call.reject(new GatewayError(error.code, error.detail)) : call.resolve(value);
  }

  /** @param {number} ask @param {string} run @param {string} what @param {any} args */
  async #asked(ask, run, what, args) {
    try {
      const tenant = this.runs.get(run);
      if (!tenant) throw new GatewayError('stale_epoch', 'this run has ended');
      this.#send({ ask, value: (await tenant.answer(what, args)) ?? null });
    } catch (error) {
      const { code, detail } = coded(error);
      this.#send({ ask, error: { code, detail } });
    }
  }

  /** @param {object} message */
  #send(message) {
    if (this.alive && this.child.connected) this.child.send(message);
  }

  /**
   * @param {string} run
   * @param {string} method
   * @param {object | string} args
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
      this.#send({ n, run, method, args });
    });
  }

  /** Whether it can still be spoken to, whatever one of its engines does. */
  async answers() {
    return this.call('', 'ping', {}, PING_MS).then(
      () => true,
      () => false,
    );
  }

  /** @param {Error} error @returns {boolean} whether it never came to be: no exit follows then */
  #failed(error) {
    this.log.error({ err: brief(error) }, 'host can not be spoken to');
    return this.pid === 0 && this.alive;
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
    for (const { heard } of [...this.runs.values()])
      heard('ended', { reason: 'host_ended', detail: signal ?? `${status}` });
  }

  /** Closing the pipe is enough for a healthy host; one that does not go is killed. */
  async end() {
    this.isLeaving = true;
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

  /** @param {{warm: Kind | null, log: import('pino').Logger}} options `warm`: the kind of which one host is always there */
  constructor({ warm, log }) {
    this.warm = warm;
    this.log = log;
  }

  /** The fullest host that still has room, so that the others can empty and go. @param {Kind} kind */
  pick(kind) {
    const fitting = this.#withRoom(kind).sort((a, b) => b.runs.size - a.runs.size);
    const host = fitting[0] ?? this.#grow(kind);
    host.served += 1;
    return host;
  }

  /** Makes sure that a host is warm. */
  begin() {
    if (this.warm) this.pick(this.warm);
  }

  /** @param {Kind} kind */
  #withRoom({ name, perHost }) {
    const fits = (/** @type {Host} */ host) => host.kind.name === name && host.runs.size < perHost;
    return this.alive().filter((host) => fits(host) && !host.isLeaving);
  }

  /** @param {Kind} kind */
  #grow(kind) {
    if (this.#closed) throw new GatewayError('shutting_down');
    const host = new Host(kind, this.log);
    this.#hosts.add(host);
    host.exited.then(() => this.#hosts.delete(host));
    return host;
  }

  /** A run has left: an empty host goes when another is warm, or when it has served for long enough. @param {Host} host */
  release(host) {
    if (host.runs.size > 0 || !host.alive || this.#closed) return;
    const spare = this.#withRoom(host.kind).some((other) => other !== host);
    const isOld = host.served >= RUNS_A_HOST;
    const isWarm = host.kind.name === this.warm?.name;
    if (isOld && !spare && isWarm) this.#grow(host.kind);
    if (isOld || spare) host.end();
    else if (!isWarm) setTimeout(() => host.runs.size === 0 && host.end(), IDLE_MS).unref();
  }

  alive() {
    return [...this.#hosts].filter((host) => host.alive);
  }

  list() {
    const rounded = (/** @type {number | null} */ mb) => mb && Math.round(mb * 10) / 10;
    return this.alive().map(({ pid, kind, runs, memory_mb }) => ({
      pid,
      kind: kind.name,
      sessions: runs.size,
      memory_mb: rounded(memory_mb),
    }));
  }

  async close() {
    this.#closed = true;
    await Promise.all([...this.#hosts].map((host) => host.end()));
  }
}
