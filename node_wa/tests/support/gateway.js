/** Starts the real gateway for a test and speaks its protocol. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { lives, processes } from '../../lib/proc.js';
import { until } from './sandbox.js';
import { freePort, Web } from './web.js';

const SERVER = path.join(import.meta.dirname, '..', '..', 'server.js');
const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/lib/chromium/chromium-headless-shell';
/** Everything quicker than in life, as far as the stand-in allows. */
const QUICK = {
  WA_BACKOFF_MIN_MS: '100',
  WA_BACKOFF_MAX_MS: '1000',
  WA_HEARTBEAT_MS: '300',
  WA_HEARTBEAT_DEADLINE_MS: '1500',
  WA_ACK_TIMEOUT_MS: '2500',
};

/** As on a machine behind a proxy: what is meant for the sandbox never gets to it. */
const PROXIED = {
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  ALL_PROXY: 'http://127.0.0.1:9',
};

/** @returns {string} `3EB0` and 18 upper-case hex digits */
export const newMessageId = () => `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;

/** The right to hand over, as the worker of these tests holds it. @param {number} [epoch] @param {number} [ms] length of its lease */
export const newClaim = (epoch = 2, ms = 60_000) => ({
  epoch,
  until: new Date(Date.now() + ms).toISOString(),
});

export class Gateway {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  /** @type {string[]} */
  log = [];

  /** @param {string} data directory, the sandbox's too @param {Record<string, string>} [env] */
  constructor(data, env = {}) {
    this.data = data;
    this.env = env;
    this.secret = randomBytes(24).toString('hex');
  }

  port = 0;
  web = new Web();

  /** @param {string} data @param {Record<string, string>} [env] */
  static async start(data, env) {
    const gateway = new Gateway(data, env);
    const internal = randomBytes(24).toString('hex');
    fs.mkdirSync(path.join(data, 'secrets'), { recursive: true });
    fs.writeFileSync(path.join(data, 'secrets', 'gateway_secret'), gateway.secret, { mode: 0o600 });
    fs.writeFileSync(path.join(data, 'secrets', 'internal_secret'), internal, { mode: 0o600 });
    fs.writeFileSync(path.join(data, 'secrets', 'engine_secret'), randomBytes(24).toString('hex'), {
      mode: 0o600,
    });
    gateway.web = await Web.start(internal);
    gateway.port = await freePort();
    await gateway.boot();
    return gateway;
  }

  async boot() {
    const env = {
      ...process.env,
      ...QUICK,
      ...PROXIED,
      WABOT_DATA: this.data,
      GATEWAY_PORT: String(this.port),
      WABOT_INTERNAL_URL: this.web.url,
      CHROMIUM_PATH: CHROMIUM,
      ...this.env,
    };
    const child = spawn(process.execPath, [SERVER], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (chunk) => this.log.push(String(chunk)));
    this.#process = child;
    await until('the gateway listens', async () => {
      if (child.exitCode !== null) throw new Error(`the gateway ended at once: ${this.log.join('')}`);
      return fetch(`http://127.0.0.1:${this.port}/healthz`).then(
        (answer) => answer.ok,
        () => false,
      );
    });
  }

  get pid() {
    return this.#process?.pid ?? 0;
  }

  /** @param {string} method @param {string} route @param {object} [body] */
  async call(method, route, body) {
    const answer = await fetch(`http://127.0.0.1:${this.port}${route}`, {
      method,
      headers: {
        authorization: `Bearer ${this.secret}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      body: body && JSON.stringify(body),
    });
    return { status: answer.status, headers: answer.headers, body: /** @type {any} */ (await answer.json()) };
  }

  /** @param {string} id @param {object} [order] */
  put(id, order = {}) {
    const standard = { engine: 'webjs', network: 'sandbox', method: 'qr', phone: null, epoch: 1 };
    return this.call('PUT', `/sessions/${id}`, { ...standard, ...order });
  }

  /** @param {string} id @param {object} order */
  logout(id, order = {}) {
    return this.call('POST', `/sessions/${id}/logout`, {
      engine: 'webjs',
      network: 'sandbox',
      epoch: 1,
      ...order,
    });
  }

  /**
   * One message. `code` is null when it was handed over, else why not; `id` is the one chosen for it.
   * @param {string} session @param {string} to @param {string} body @param {{epoch?: number, wa_message_id?: string, claim?: {epoch: number, until: string}}} [more]
   * @returns {Promise<{id: string, code: string | null, wa_message_id?: string, ack?: string}>}
   */
  async send(session, to, body, { epoch = 1, wa_message_id = newMessageId(), claim = newClaim() } = {}) {
    const message = { id: 'm1', to, body, wa_message_id, correlation_id: 'c1' };
    const { status, body: answer } = await this.call('POST', `/sessions/${session}/batches`, {
      epoch,
      claim,
      messages: [message],
    });
    return { id: wa_message_id, code: null, ...(status === 200 ? answer.results[0] : answer) };
  }

  /** @param {string} id */
  async session(id) {
    return (await this.call('GET', `/sessions/${id}`)).body;
  }

  /** @param {string} id @param {string} status @param {number} [ms] */
  status(id, status, ms = 30_000) {
    return until(
      `session ${id} is ${status}`,
      async () => {
        const session = await this.session(id);
        return session.status === status && session;
      },
      ms,
    );
  }

  /** @param {string} id @param {import('./sandbox.js').Sandbox} sandbox @param {string} number @param {object} [order] */
  async link(id, sandbox, number, order) {
    await sandbox.call('PUT', `/phones/${number}`, { name: `Phone ${number}` });
    await this.put(id, order);
    const { qr } = await this.status(id, 'qr');
    const scan = await sandbox.call('POST', `/phones/${number}/scan`, { qr });
    if (scan.status !== 200) throw new Error(`scan: ${scan.status} ${JSON.stringify(scan.body)}`);
    return this.status(id, 'connected');
  }

  async hosts() {
    return (await this.call('GET', '/healthz')).body.hosts;
  }

  /** Pids of all browsers on this gateway's profiles. */
  async browsers() {
    const all = await processes();
    const lines = all.map(({ pid }) => ({ pid, line: commandLine(pid) }));
    return lines.filter(({ line }) => line.includes(`${this.data}/gateway/profiles/`)).map(({ pid }) => pid);
  }

  /** The main process of a session's browser. @param {string} id */
  async browser(id) {
    const all = await processes();
    const own = all.filter(({ pid }) =>
      commandLine(pid).includes(`--user-data-dir=${this.data}/gateway/profiles/sandbox/${id}/`),
    );
    return own.find(({ pid, group }) => pid === group)?.pid ?? 0;
  }

  /** The process that runs a session's page. @param {string} id */
  async renderer(id) {
    const main = await this.browser(id);
    const group = (await processes()).filter((entry) => entry.group === main);
    return group.find(({ pid }) => commandLine(pid).includes('--type=renderer'))?.pid ?? 0;
  }

  /** @param {NodeJS.Signals} [signal] @returns {Promise<number>} ms it took */
  async stop(signal = 'SIGTERM') {
    const child = this.#process;
    const begun = performance.now();
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    }
    return performance.now() - begun;
  }

  async close() {
    await this.stop();
    await this.web.stop();
    await until('no browser is left', async () => (await this.browsers()).length === 0);
  }
}

/** @param {number} pid */
function commandLine(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it ended meanwhile
  }
}

/** @param {number} pid @param {string} what */
export async function killed(pid, what) {
  process.kill(pid, 'SIGKILL');
  await until(`${what} is gone`, async () => !(await lives(pid)));
}
