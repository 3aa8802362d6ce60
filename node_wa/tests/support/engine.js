/** A session in this process, over an engine whose host is played by the test. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Slots } from '../../lib/lock.js';
import { Sessions } from '../../sessions.js';

const QUIET = { info() {}, warn() {}, error() {}, child: () => QUIET };
const TIMES = {
  qrRotations: 5,
  qrTimeout: 60_000,
  pairingTimeout: 60_000,
  heartbeat: 60_000,
  heartbeatDeadline: 60_000,
  connectionGrace: 100,
  stable: 60_000,
  budget: 8,
  backoff: { min: 5, max: 10 },
};

export class PlayedEngine {
  /** Names of runs, the latest last. @type {string[]} */
  started = [];
  /** @type {Record<string, (run: string, args: any) => Promise<any>>} what it answers; nothing by default */
  answers = {};
  /** @type {any} */
  vault = {};
  slots = new Slots(1);
  /** What was journalled. @type {any[]} */
  told = [];
  /** When that is on disk. */
  journalled = Promise.resolve();
  isBackedUp = false;
  /** @type {Map<string, any>} */
  #runs = new Map();

  /** @param {Partial<typeof TIMES>} [times] */
  constructor(times = {}) {
    this.data = fs.mkdtempSync(path.join(os.tmpdir(), 'wabot-played-'));
    const engine = { name: 'played', abilities: ['qr'], create: () => undefined };
    const lifecycle = { ...TIMES, ...times };
    const config = {
      directory: this.data,
      data: this.data,
      sessionsPerHost: 8,
      memoryLimit: 0,
      lifecycle,
      engine: {},
    };
    this.host = {
      alive: true,
      pid: 1,
      kind: { isShared: false },
      runs: this.#runs,
      call: this.#call.bind(this),
    };
    this.sessions = new Sessions(
      /** @type {any} */ ({
        config,
        hosts: { pick: () => this.host, release: () => undefined },
        journal: { append: (/** @type {any} */ event) => this.#append(event) },
        versions: { saw: () => undefined },
        isBackedUp: () => this.isBackedUp,
        slots: () => this.slots,
        engines: new Map([['played', engine]]),
        vault: this.vault,
        log: QUIET,
      }),
    );
  }

  /** @param {any} event */
  #append(event) {
    this.told.push(event);
    return this.journalled;
  }

  /** @param {string} run @param {string} method @param {any} args */
  async #call(run, method, args) {
    if (method === 'start') this.started.push(run);
    return (await this.answers[method]?.(run, args)) ?? {};
  }

  /** The run that was started last tells. @param {string} type @param {any} data */
  tell(type, data = {}) {
    this.voice()(type, data);
  }

  /** The way to tell of the run that was started last, also when it has ended. @returns {(type: string, data: any) => void} */
  voice() {
    return this.#runs.get(this.started.at(-1) ?? '')?.heard ?? (() => undefined);
  }

  /** @param {string} id @param {object} [order] */
  put(id, order = {}) {
    const whole = {
      engine: 'played',
      network: 'sandbox',
      method: 'qr',
      phone: null,
      epoch: 1,
      correlation: null,
    };
    return this.sessions.put(id, /** @type {any} */ ({ ...whole, ...order }));
  }

  /** @param {string} id @param {number} epoch @param {object} [order] */
  logout(id, epoch, order = {}) {
    const whole = { engine: 'played', network: 'sandbox', epoch, ...order };
    return this.sessions.logout(id, /** @type {any} */ (whole));
  }

  /** @param {string} id */
  status(id) {
    return this.sessions.get(id).facts.status;
  }

  async close() {
    await this.sessions.close();
    fs.rmSync(this.data, { recursive: true, force: true });
  }
}
