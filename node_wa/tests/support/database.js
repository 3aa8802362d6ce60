/** The embedded database, started for a test in a directory of its own; how it is reached stands where the gateway looks. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { MongoClient } from 'mongodb';
import { until } from './sandbox.js';
import { freePort } from './web.js';

const ROOT = path.join(import.meta.dirname, '..', '..', '..');
const START_MS = 30_000;

export class TestDatabase {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  port = 0;

  /** @param {string} data WABOT_DATA of the gateway */
  static async start(data) {
    const database = new TestDatabase();
    database.data = data;
    database.port = await freePort();
    fs.mkdirSync(path.join(data, 'run'), { recursive: true });
    fs.writeFileSync(path.join(data, 'run', 'db.port'), String(database.port));
    await database.boot();
    return database;
  }

  data = '';

  get uri() {
    return `mongodb://127.0.0.1:${this.port}/wabot?directConnection=true&retryWrites=false`;
  }

  async boot() {
    const server = path.join(ROOT, '.venv', 'bin', 'secantusd-py');
    const settings = path.join(ROOT, 'wabot', 'launching', 'db.toml');
    const where = [
      '--host',
      '127.0.0.1',
      '--port',
      String(this.port),
      '--storage-path',
      path.join(this.data, 'db'),
    ];
    const options = ['--sync-on-commit', '--standalone', '--log-level', 'WARNING'];
    const command = ['--pdeathsig', 'KILL', server, '--config', settings, ...where, ...options];
    this.#process = spawn('setpriv', command, { stdio: ['ignore', 'ignore', 'inherit'], cwd: ROOT });
    await until('the database listens', () => listens(this.port), START_MS);
  }

  /** @param {NodeJS.Signals} [signal] */
  async kill(signal = 'SIGKILL') {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  /** @template T @param {(db: import('mongodb').Db) => Promise<T>} task @returns {Promise<T>} */
  async look(task) {
    const client = await new MongoClient(this.uri).connect();
    try {
      return await task(client.db());
    } finally {
      await client.close();
    }
  }
}

/** @param {number} port @returns {Promise<boolean>} */
function listens(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
