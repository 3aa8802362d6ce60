import { LRUCache } from 'lru-cache';
import { GatewayError } from '../../errors.js';
import { Lock } from '../../lib/lock.js';

/**
 * The login and the keys of a session, as Baileys wants them, kept by the gateway. What is cached is text: nobody can change it
 * in passing. One write that failed leaves memory and store apart, so the run has to end with it.
 */

const CACHED = 150; // texts, of some hundred bytes to 4 KB

export class State {
  /** @type {LRUCache<string, string>} by type and id */
  #cache = new LRUCache({ max: CACHED });
  #line = new Lock();
  /** @type {Promise<void> | null} a write of the login that has not begun */
  #due = null;
  #writing = 0;
  #writingSince = 0;
  /** @type {any} */
  creds = null;

  /**
   * @param {any} library
   * @param {import('../contract.js').Ask} ask
   * @param {(error: unknown) => void} onFailure
   */
  constructor(library, ask, onFailure) {
    this.library = library;
    this.ask = ask;
    this.onFailure = onFailure;
    this.keys = {
      get: (/** @type {string} */ type, /** @type {string[]} */ ids) => this.#get(type, ids),
      set: (/** @type {Record<string, Record<string, any>>} */ data) => this.#set(data),
    };
  }

  /** @param {string | null} text as the gateway keeps it @param {boolean} linked a login has to be there; throws `login_damaged` */
  open(text, linked) {
    const creds = text === null ? null : this.#decoded('creds', text);
    if (linked && !creds?.account)
      throw new GatewayError('login_damaged', 'the login of this session is not in the database');
    // Half a login, from a code that nobody took, is worth nothing: the next one gets new keys.
    this.creds = creds?.account ? creds : this.library.initAuthCreds();
  }

  get isLinked() {
    return Boolean(this.creds?.account);
  }

  /** ms for which a write has been waiting; 0: none is. */
  get waiting() {
    return this.#writing > 0 ? Date.now() - this.#writingSince : 0;
  }

  /** The library has changed `creds` in place. Settles when they are durable; many changes at once are one write. */
  keep() {
    this.#due ??= this.#line.run(() => {
      this.#due = null;
      return this.#write([['creds', 'creds', this.#encoded(this.creds)]]);
    });
    return this.#due;
  }

  /** Settles when all that was to be written is. */
  settled() {
    return this.#line.run(() => undefined);
  }

  /** @param {string} type @param {string[]} ids @returns {Promise<Record<string, any>>} */
  async #get(type, ids) {
    const missing = ids.filter((id) => !this.#cache.has(`${type}\n${id}`));
    if (missing.length > 0) {
      const found = await this.ask('state.get', { type, ids: missing }).catch((error) => this.#failed(error));
      for (const [id, text] of Object.entries(found)) this.#cache.set(`${type}\n${id}`, text);
    }
    const texts = ids.map((id) => [id, this.#cache.get(`${type}\n${id}`)]).filter(([, text]) => text);
    return Object.fromEntries(texts.map(([id, text]) => [id, this.#decoded(type, text ?? '')]));
  }

  /** @param {Record<string, Record<string, any>>} data */
  #set(data) {
    const changes = Object.entries(data).flatMap(([type, values]) =>
      Object.entries(values).map(([id, value]) => [
        type,
        id,
        value === null || value === undefined ? null : this.#encoded(value),
      ]),
    );
    return this.#line.run(() => this.#write(changes));
  }

  /** @param {any[]} changes */
  async #write(changes) {
    if (this.#writing === 0) this.#writingSince = Date.now();
    this.#writing += 1;
    try {
      await this.ask('state.set', { changes });
      for (const [type, id, text] of changes) {
        if (text === null) this.#cache.delete(`${type}\n${id}`);
        else this.#cache.set(`${type}\n${id}`, text);
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#writing -= 1;
    }
  }

  /** @param {unknown} error @returns {never} */
  #failed(error) {
    this.#cache.clear();
    this.onFailure(error);
    throw error;
  }

  /** @param {unknown} value */
  #encoded(value) {
    return JSON.stringify(value, this.library.BufferJSON.replacer);
  }

  /** @param {string} type @param {string} text */
  #decoded(type, text) {
    try {
      const value = JSON.parse(text, this.library.BufferJSON.reviver);
      return type === 'app-state-sync-key'
        ? this.library.proto.Message.AppStateSyncKeyData.fromObject(value)
        : value;
    } catch {
      throw new GatewayError('login_damaged', `what is stored as ${type} can not be read`);
    }
  }
}
