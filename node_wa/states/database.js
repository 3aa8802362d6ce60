import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../errors.js';
import { backoff } from '../lib/backoff.js';
import { brief } from '../log.js';

/**
 * The connection to MongoDB, or to the embedded database. The driver is loaded with the first login that is kept there. While
 * the database is away every step is tried again until its deadline.
 */

const BACKOFF = { min: 50, max: 1_000 };
const SELECTION_MS = 1_000;
const STEP_MS = 5_000;
const SOCKET_ENDED = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END']);

/** @typedef {import('mongodb').Collection<any>} Collection */

export class Database {
  /** @type {Promise<import('mongodb').MongoClient> | null} */
  #client = null;
  #failingSince = 0;

  /** @param {{uri: () => string, deadline: number, log: import('pino').Logger}} options `uri` may change with each start of the database */
  constructor({ uri, deadline, log }) {
    this.uri = uri;
    this.deadline = deadline;
    this.log = log;
  }

  /** ms since when nothing has worked; 0: it works. */
  get silence() {
    return this.#failingSince && Date.now() - this.#failingSince;
  }

  /**
   * @template T
   * @param {(collection: (name: string) => Collection) => Promise<T>} step harmless to repeat
   * @param {number} [ms] how long to try
   * @returns {Promise<T>} throws `database_away`, or what the step throws of itself
   */
  async run(step, ms = this.deadline) {
    const end = Date.now() + ms;
    for (let failures = 1; ; failures += 1) {
      try {
        const client = await this.#connected();
        const result = await step((name) => client.db().collection(name));
        this.#failingSince = 0;
        return result;
      } catch (error) {
        if (!isOfConnection(error)) throw error;
        this.#failed(error);
        if (Date.now() >= end) throw new GatewayError('database_away');
        await sleep(backoff(failures, BACKOFF));
      }
    }
  }

  #connected() {
    this.#client ??= this.#connect().catch((error) => {
      this.#client = null;
      throw error;
    });
    return this.#client;
  }

  async #connect() {
    const { MongoClient } = await import('mongodb');
    return new MongoClient(this.uri(), {
      serverSelectionTimeoutMS: SELECTION_MS,
      socketTimeoutMS: STEP_MS,
      connectTimeoutMS: SELECTION_MS,
      maxPoolSize: 8,
      writeConcern: { w: 'majority', journal: true },
    }).connect();
  }

  /** @param {unknown} error */
  #failed(error) {
    if (this.#failingSince) return;
    this.#failingSince = Date.now();
    this.log.warn({ err: brief(error) }, 'the database does not answer, trying again');
  }

  async close() {
    const client = await this.#client?.catch(() => null);
    this.#client = null;
    await client?.close();
  }
}

/** What may go away by itself, unlike a refused write. @param {any} error */
function isOfConnection(error) {
  if (error instanceof GatewayError) return false;
  return (
    /^Mongo(Network|ServerSelection|Topology|NotConnected|PoolCleared|Expired|WaitQueue|Runtime|OperationTimeout)/.test(
      error?.name,
    ) ||
    error?.code === 'ENOENT' || // the embedded database has not said its port yet
    SOCKET_ENDED.has(error?.code) || // the driver lets what its socket says through when it writes to one that has just ended
    error?.hasErrorLabel?.('RetryableWriteError') === true
  );
}
