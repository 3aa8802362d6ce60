import { kindOf } from './engines.js';
import { GatewayError } from './errors.js';
import { until } from './lib/deadline.js';

/** One life of one engine in one host, from `create` to its end. Its events are heard until the end and never after. */

const CREATE_MS = 10_000; // a host that was just forked first loads the library
const SLACK_MS = 10_000; // what a host may need beyond the engine's own deadline
const STOP_MS = 10_000;
const LOGOUT_MS = 15_000;

export class Run {
  static #count = 0;
  /** A reason code once the run is given up; it only waits for its end then. @type {string | null} */
  lost = null;
  ready = false;
  /** Of its connection, as it was told last; see contract.js. */
  state = 'connecting';
  /** What had come in before it was ready is told. */
  caughtUp = false;
  #ended = false;
  /** Calls that are handing messages over. */
  #sending = 0;
  #draining = false;

  /**
   * @param {object} parts
   * @param {import('./hosts.js').Hosts} parts.hosts
   * @param {import('./hosts.js').Kind} parts.kind of the host it needs
   * @param {object} parts.options of the engine, see contract.js
   * @param {import('./config.js').EngineSettings} parts.settings
   * @param {(run: Run, type: string, data: any) => void} parts.onEvent
   * @param {(run: Run, what: string, args: any) => Promise<any>} parts.onAsk
   * @param {import('pino').Logger} parts.log
   */
  constructor({ hosts, kind, options, settings, onEvent, onAsk, log }) {
    Run.#count += 1;
    this.name = `r${Run.#count}`;
    this.hosts = hosts;
    this.options = options;
    this.settings = settings;
    this.log = log.child({ run: this.name });
    this.host = hosts.pick(kind);
    this.host.runs.set(this.name, {
      heard: (type, data) => onEvent(this, type, data),
      answer: (what, args) => onAsk(this, what, args),
    });
  }

  /** Settles when the launch has settled. */
  async start() {
    await this.call('create', { ...this.options, settings: this.settings }, CREATE_MS);
    await this.call('start', {}, this.settings.launchTimeout + SLACK_MS);
  }

  /** @param {string} method @param {object | string} args @param {number} ms @returns {Promise<any>} */
  call(method, args, ms) {
    return this.host.call(this.name, method, args, ms);
  }

  /** @param {import('./engines/contract.js').OutgoingMessage[]} messages @param {number} ms @returns {Promise<any>} */
  async send(messages, ms) {
    if (this.#draining)
      throw new GatewayError('session_not_connected', 'the browser is about to be replaced');
    this.#sending += 1;
    try {
      return await this.call('send', messages, ms);
    } finally {
      this.#sending -= 1;
    }
  }

  /** @param {number} ms @returns {Promise<boolean>} whether all that was being handed over is through */
  idle(ms) {
    return until(() => this.#sending === 0, ms);
  }

  /** From now on nothing is handed over. @param {number} ms @returns {Promise<boolean>} whether all is through */
  drain(ms) {
    this.#draining = true;
    return this.idle(ms);
  }

  resume() {
    this.#draining = false;
  }

  /** Ends the engine; settles when its processes are gone. A host that can't do it goes itself, and its browsers with it. */
  async end() {
    await this.#end('stop', STOP_MS);
  }

  /** @returns {Promise<{told: boolean}>} whether WhatsApp heard of it */
  async logout() {
    return (await this.#end('logout', LOGOUT_MS)) ?? { told: false };
  }

  /** @param {string} method @param {number} ms */
  async #end(method, ms) {
    if (this.#ended) return null;
    this.#ended = true;
    this.host.runs.delete(this.name);
    try {
      return await this.call(method, {}, ms);
    } catch (error) {
      await this.#endHost(error);
      return null;
    } finally {
      this.hosts.release(this.host);
    }
  }

  /** @param {unknown} error */
  async #endHost(error) {
    const code = error instanceof GatewayError ? error.code : 'internal';
    if (code === 'session_not_connected') return; // never created there
    if (this.host.alive && this.host.kind.isShared && (await this.host.answers())) {
      this.log.error({ host: this.host.pid, reason: code }, 'an engine does not end');
      return;
    }
    if (this.host.alive) {
      this.log.error({ host: this.host.pid, reason: code }, 'an engine does not end, its host is killed');
      this.host.kill();
    }
    await this.host.exited;
  }
}

/**
 * A run of a session as it was ordered.
 * @param {import('./session.js').Session} session
 * @param {number} recoverSince epoch ms
 * @param {{onEvent: (run: Run, type: string, data: any) => void, onAsk: (run: Run, what: string, args: any) => Promise<any>}} hearer
 */
export function newRun(session, recoverSince, hearer) {
  const { order, profile, id, log, login } = session;
  const { hosts, config } = session.gateway;
  const { engine, network, method, phone } = order;
  const kind = kindOf(session.engine, network, config.sessionsPerHost);
  const { directory } = profile;
  const linked = login !== null;
  const options = { session: id, engine, network, method, phone, linked, recoverSince, directory };
  return new Run({ hosts, kind, options, settings: config.engine, log, ...hearer });
}
