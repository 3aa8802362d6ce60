import { randomBytes } from 'node:crypto';
import { GatewayError } from '../errors.js';
import { Lock } from '../lib/lock.js';
import { blindName, seal, unseal } from './sealing.js';

/**
 * What one session's engine must not forget, as its gateway writes it: one record per (session, type, id), and one head.
 *
 *   engine_logins   {_id: network:session, generation, epoch, seq, key, pending, mark}
 *   engine_records  {_id: generation:type:name, seq, sealed}
 *
 * A `set` is one conditional write of the head: it holds all of it in `pending`, sealed, so that it is there as a whole or not
 * at all, on a database without transactions too. What is pending reaches the records later, all at once, and is read as laid
 * over them until then; a gateway that dies in between leaves it in the head for the next one. The head counts its writes
 * (`seq`) and carries the epoch of its writer: whoever was followed by another finds neither as they left it, and is refused.
 */

const ROOM = 24_000; // of pending, in characters
const OFTEN = 200; // from so many changes on, new records are put in as new
const DUPLICATE = 11000;

/** @typedef {[string, string, string | null]} Change type, id, and the text; null: forget it */
/** @typedef {{generation: string, epoch: number, seq: number, key: Buffer, pending: Buffer, mark: string}} Head */

export class Ledger {
  #line = new Lock();
  /** @type {Map<string, Change>} by type and id, not in the records yet */
  #pending = new Map();
  #room = 0;
  #closed = false;

  /**
   * @param {{database: import('./database.js').Database, id: string, generation: string, epoch: number, seq: number, key: Buffer}} parts `id`
   *   of the head, `key` of this generation
   */
  constructor({ database, id, generation, epoch, seq, key }) {
    this.database = database;
    this.id = id;
    this.generation = generation;
    this.epoch = epoch;
    this.seq = seq;
    this.key = key;
  }

  /** @param {Buffer} pending as the head holds it @param {number} epoch of its writer @param {number} seq */
  load(pending, epoch, seq) {
    const changes = JSON.parse(unseal(this.key, this.#placeOf(epoch, seq), pending).toString());
    for (const change of /** @type {Change[]} */ (changes)) this.#lay(change);
  }

  /** What the head of a login without anything holds. */
  nothing() {
    return seal(this.key, this.#placeOf(this.epoch, this.seq), '[]');
  }

  /** Its first write makes it the one writer. */
  take() {
    return this.#line.run(() => this.#writeHead([]));
  }

  /** @param {string} type @param {string[]} ids @returns {Promise<Record<string, string>>} what there is */
  async get(type, ids) {
    const missing = ids.filter((id) => !this.#pending.has(keyOf(type, id)));
    const stored = missing.length > 0 ? await this.#read(type, missing) : {};
    const laid = ids.map((id) => [id, this.#pending.get(keyOf(type, id))?.[2] ?? stored[id]]);
    return Object.fromEntries(laid.filter(([, text]) => typeof text === 'string'));
  }

  /** Durable when it settles, all of it or nothing. @param {Change[]} changes */
  set(changes) {
    return this.#line.run(async () => {
      if (this.#room > ROOM) await this.#settle();
      await this.#writeHead(changes);
    });
  }

  /** Whoever holds it writes no more. What is under way is through when it settles. */
  close() {
    this.#closed = true;
    return this.#line.run(() => undefined);
  }

  /** @param {Change[]} changes */
  async #writeHead(changes) {
    if (this.#closed) throw new GatewayError('stale_epoch');
    const merged = new Map(this.#pending);
    for (const change of changes) merged.set(keyOf(change[0], change[1]), change);
    const [before, seq, mark] = [this.seq, this.seq + 1, randomBytes(6).toString('base64url')];
    const pending = seal(this.key, this.#placeOf(this.epoch, seq), JSON.stringify([...merged.values()]));
    const fields = { epoch: this.epoch, seq, pending, mark };
    await this.database.run(async (collection) => {
      const heads = collection('engine_logins');
      const mine = { _id: this.id, generation: this.generation, seq: before, epoch: { $lte: this.epoch } };
      const { matchedCount } = await heads.updateOne(mine, { $set: fields });
      if (matchedCount === 1) return;
      const now = await heads.findOne({ _id: this.id }, { projection: { mark: 1 } });
      if (now?.mark !== mark) throw new GatewayError('stale_epoch', 'another one writes this login by now');
    });
    this.seq = seq;
    for (const change of changes) this.#lay(change);
  }

  /** @param {Change} change */
  #lay(change) {
    const key = keyOf(change[0], change[1]);
    this.#room += sizeOf(change) - sizeOf(this.#pending.get(key));
    this.#pending.set(key, change);
  }

  /** What is pending goes into the records. It stays in the head until the next write, so dying anywhere in here loses nothing. */
  async #settle() {
    const changes = [...this.#pending.values()];
    const kept = changes.filter(([, , text]) => text !== null).map((change) => this.#sealed(change));
    const gone = changes.filter(([, , text]) => text === null).map(([type, id]) => this.#name(type, id));
    await this.database.run(async (collection) => {
      const records = collection('engine_records');
      const left = kept.length >= OFTEN ? await insertNew(records, kept) : kept;
      if (left.length > 0) await replaceOlder(records, left);
      if (gone.length > 0) await records.deleteMany({ _id: { $in: gone }, seq: { $lte: this.seq } });
    });
    this.#pending.clear();
    this.#room = 0;
  }

  /** @param {Change} change */
  #sealed([type, id, text]) {
    const { seq } = this;
    const place = this.#recordPlace(type, id, seq);
    return { _id: this.#name(type, id), seq, sealed: seal(this.key, place, text ?? '') };
  }

  /** @param {string} type @param {string[]} ids */
  async #read(type, ids) {
    const names = new Map(ids.map((id) => [this.#name(type, id), id]));
    const found = await this.database.run((collection) => {
      const records = collection('engine_records');
      return Promise.all([...names.keys()].map((_id) => records.findOne({ _id }, { promoteBuffers: true })));
    });
    const texts = found.filter(Boolean).map((record) => {
      const id = names.get(record._id) ?? '';
      return [id, this.#open(type, id, record)];
    });
    return Object.fromEntries(texts);
  }

  /** @param {string} type @param {string} id @param {{seq: number, sealed: unknown}} record */
  #open(type, id, { seq, sealed }) {
    if (!(seq <= this.seq)) throw new GatewayError('login_damaged', 'a record is newer than its login');
    return unseal(this.key, this.#recordPlace(type, id, seq), sealed).toString();
  }

  /** @param {string} type @param {string} id */
  #name(type, id) {
    return `${this.generation}:${type}:${blindName(this.key, `${type}\n${id}`)}`;
  }

  /** @param {string} type @param {string} id @param {number} seq */
  #recordPlace(type, id, seq) {
    return ['record', this.id, this.generation, type, id, `${seq}`];
  }

  /** @param {number} epoch @param {number} seq */
  #placeOf(epoch, seq) {
    return ['pending', this.id, this.generation, `${epoch}`, `${seq}`];
  }
}

/** @param {string} type @param {string} id */
const keyOf = (type, id) => `${type}\n${id}`;
/** @param {Change | undefined} change */
const sizeOf = (change) => (change ? change[1].length + (change[2]?.length ?? 0) + 24 : 0);

/**
 * Hundreds at once are a new login's keys; putting them in as new is one commit instead of one each.
 * @param {import('./database.js').Collection} records @param {{_id: string}[]} kept
 * @returns {Promise<any[]>} those that were there before
 */
async function insertNew(records, kept) {
  try {
    await records.insertMany(kept, { ordered: false });
    return [];
  } catch (error) {
    const failed = [/** @type {any} */ (error).writeErrors ?? []].flat();
    if (failed.length === 0 || failed.some((one) => one.code !== DUPLICATE)) throw error;
    return failed.map((one) => kept[one.index]);
  }
}

/** A writer that was followed by another may still be at it: what is newer stays. @param {import('./database.js').Collection} records @param {{_id: string, seq: number, sealed: Buffer}[]} kept */
async function replaceOlder(records, kept) {
  const steps = kept.map(({ _id, seq, sealed }) => ({
    updateOne: { filter: { _id, seq: { $lt: seq } }, update: { $set: { seq, sealed } }, upsert: true },
  }));
  try {
    await records.bulkWrite(steps, { ordered: false });
  } catch (error) {
    const failed = [/** @type {any} */ (error).writeErrors ?? []].flat();
    if (failed.length === 0 || failed.some((one) => one.code !== DUPLICATE)) throw error;
  }
}
