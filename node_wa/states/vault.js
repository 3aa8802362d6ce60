import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../errors.js';
import { brief } from '../log.js';
import { Ledger } from './ledger.js';
import { derivedKey, newKey, seal, unseal } from './sealing.js';

/**
 * The logins of engines that keep none themselves, in the database (`ledger.js` says how). Each login has a key of its own,
 * sealed with the installation's: forgetting a login is one write that takes its key away; its records, which nobody can read
 * any more, are cleared behind it in small steps (`engine_graves`).
 */

const PURPOSE = 'wabot engine logins';
const AT_ONCE = 50; // records cleared in a step
const PAUSE_MS = 50;
const TRIES = 20; // to be the one who opens it
const CLEAR_MS = 1_500;
const FORGET_MS = 5_000; // somebody waits for it

/** @typedef {{session: string, network: string, epoch: number}} Owner */

export class Vault {
  #clearing = false;
  #closed = false;

  /** @param {{database: import('./database.js').Database, secret: () => string, log: import('pino').Logger}} parts */
  constructor({ database, secret, log }) {
    this.database = database;
    this.secret = secret;
    this.log = log;
  }

  /** Whether the database is to be troubled at all: with engines that keep their own logins it isn't. */
  isUsed = false;

  /**
   * Who opens it is its one writer from then on.
   * @param {Owner} owner @returns {Promise<Ledger>} throws `stale_epoch`, `login_damaged`, `database_away`
   */
  async open({ session, network, epoch }) {
    this.isUsed = true;
    const id = `${network}:${session}`;
    for (let n = 0; n < TRIES; n += 1) {
      const head = (await this.#head(id)) ?? (await this.#found(id, epoch));
      if (head && head.epoch > epoch) throw new GatewayError('stale_epoch', 'a newer order holds this login');
      const ledger = head && (await this.#taken(id, head, epoch));
      if (ledger) return ledger;
    }
    throw new GatewayError('stale_epoch', 'others open this login at the same time');
  }

  /** Durable when it settles; the rest is cleared afterwards. @param {Omit<Owner, 'epoch'>} owner */
  async forget({ session, network }) {
    const _id = `${network}:${session}`;
    await this.database.run(async (collection) => {
      const head = await collection('engine_logins').findOne({ _id }, { projection: { generation: 1 } });
      if (!head) return;
      const grave = { _id: String(head.generation) };
      await collection('engine_graves').updateOne(grave, { $set: { at: new Date() } }, { upsert: true });
      await collection('engine_logins').deleteOne({ _id });
    }, FORGET_MS);
    this.clear();
  }

  /** Clears what belongs to forgotten logins, a little at a time. Harmless to call at any time. */
  async clear() {
    if (this.#clearing || this.#closed) return;
    this.#clearing = true;
    try {
      while (!this.#closed && (await this.database.run(clearSome, CLEAR_MS))) await sleep(PAUSE_MS);
    } catch (error) {
      this.log.warn({ err: brief(error) }, 'records of forgotten logins are cleared later');
    } finally {
      this.#clearing = false;
    }
  }

  async close() {
    this.#closed = true;
    await this.database.close();
  }

  /** @param {string} id @returns {Promise<import('./ledger.js').Head | null>} */
  #head(id) {
    return this.database.run((collection) =>
      collection('engine_logins').findOne({ _id: id }, { promoteBuffers: true }),
    );
  }

  /** @param {string} id @param {number} epoch @returns {Promise<import('./ledger.js').Head | null>} null: another was quicker */
  async #found(id, epoch) {
    const generation = randomBytes(9).toString('hex');
    const key = newKey();
    const ledger = new Ledger({ database: this.database, id, generation, epoch, seq: 0, key });
    const head = { generation, epoch, seq: 0, key: seal(this.#master, keyPlace(id, generation), key) };
    const pending = ledger.nothing();
    try {
      await this.database.run((collection) =>
        collection('engine_logins').insertOne({ _id: id, ...head, pending, mark: '' }),
      );
    } catch (error) {
      if (/** @type {any} */ (error).code !== 11000) throw error;
      return null;
    }
    return { ...head, pending, mark: '' };
  }

  /** @param {string} id @param {import('./ledger.js').Head} head @param {number} epoch @returns {Promise<Ledger | null>} null: another was quicker */
  async #taken(id, { generation, epoch: before, seq, key, pending }, epoch) {
    const opened = unseal(this.#master, keyPlace(id, generation), key);
    const ledger = new Ledger({ database: this.database, id, generation, epoch, seq, key: opened });
    ledger.load(pending, before, seq);
    try {
      await ledger.take();
      return ledger;
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'stale_epoch') return null;
      throw error;
    }
  }

  get #master() {
    return derivedKey(this.secret(), PURPOSE);
  }
}

/** @param {string} id @param {string} generation */
const keyPlace = (id, generation) => ['key', id, String(generation)];

/** @param {(name: string) => import('./database.js').Collection} collection @returns {Promise<boolean>} whether there may be more */
async function clearSome(collection) {
  const grave = await collection('engine_graves').findOne({});
  if (!grave) return false;
  const range = { _id: { $gte: `${grave._id}:`, $lt: `${grave._id};` } };
  const found = await collection('engine_records')
    .find(range, { projection: { _id: 1 } })
    .limit(AT_ONCE)
    .toArray();
  if (found.length === 0) await collection('engine_graves').deleteOne({ _id: grave._id });
  else await collection('engine_records').deleteMany({ _id: { $in: found.map(({ _id }) => _id) } });
  return true;
}
