/** Starts the real sandbox for a test, in a directory of its own, and talks to its control API. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const SERVER = path.join(import.meta.dirname, '..', '..', 'sandbox', 'server.js');
const POLL_MS = 15;

/**
 * @template T
 * @param {string} what named when it doesn't come true
 * @param {() => T | Promise<T>} probe
 * @param {number} [ms]
 * @returns {Promise<NonNullable<T>>} the first truthy value
 */
export async function until(what, probe, ms = 30_000) {
  for (const end = Date.now() + ms; ; ) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(POLL_MS);
  }
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

export class Sandbox {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  output = '';

  static async start() {
    const sandbox = new Sandbox();
    sandbox.data = fs.mkdtempSync(path.join(os.tmpdir(), 'wabot-sandbox-'));
    sandbox.port = await freePort();
    await sandbox.boot();
    return sandbox;
  }

  data = '';
  port = 0;

  async boot() {
    const runFile = path.join(this.data, 'run', 'sandbox.json');
    fs.rmSync(runFile, { force: true });
    const env = { ...process.env, WABOT_DATA: this.data, SANDBOX_PORT: String(this.port) };
    // Killed with the test, however that ends: nothing survives it.
    const command = ['--pdeathsig', 'KILL', process.execPath, SERVER];
    const child = spawn('setpriv', command, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (chunk) => {
      this.output += chunk;
    });
    this.#process = child;
    await until('the sandbox listens', () => fs.existsSync(runFile) || child.exitCode !== null);
    if (child.exitCode !== null) throw new Error(`the sandbox ended: ${this.output}`);
  }

  /** @returns {{page_port: number, spki: string, pid: number, protocol: {url: string, root_key: string, media_url: string}}} */
  get run() {
    return JSON.parse(fs.readFileSync(path.join(this.data, 'run', 'sandbox.json'), 'utf8'));
  }

  /**
   * @param {NodeJS.Signals} signal
   * @returns {Promise<number | null>} the exit code
   */
  async end(signal) {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return null;
    child.kill(signal);
    const [code] = await once(child, 'exit');
    return code;
  }

  async stop() {
    await this.end('SIGTERM');
    fs.rmSync(this.data, { recursive: true, force: true });
  }

  /**
   * @param {string} method
   * @param {string} route
   * @param {unknown} [body]
   * @param {Record<string, string>} [headers]
   * @returns {Promise<{status: number, type: string, body: any}>}
   */
  async call(method, route, body, headers = {}) {
    /** @type {Record<string, string>} */
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(`http://127.0.0.1:${this.port}${route}`, {
      method,
      headers: { ...json, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return {
      status: answer.status,
      type: answer.headers.get('content-type') ?? '',
      body: await answer.json(),
    };
  }

  /**
   * A call that has to succeed.
   *
   * @param {string} method
   * @param {string} route
   * @param {unknown} [body]
   */
  async ok(method, route, body) {
    const answer = await this.call(method, route, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${route}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** @param {string} number */
  inbox(number) {
    return this.ok('GET', `/phones/${number}/inbox`);
  }
}
