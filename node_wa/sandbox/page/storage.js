/**
 * What the page keeps in IndexedDB: its login, messages on their way out, and which LID belongs to which number.
 * The login is written with durability `strict`: it must be on disk before the phone is told that it is linked.
 */

/**
 * @typedef {{id: string, secret: string, number: string}} Login
 * @typedef {{id: string, to: string, body: string, at: number}} Outgoing `at` in ms
 */

const NAME = 'wa-sandbox';
const STORES = ['login', 'outbox', 'lids'];

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @param {IDBTransaction} transaction */
const committed = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(undefined);
    transaction.onabort = () => reject(transaction.error);
  });

export class Storage {
  /** @param {IDBDatabase} db */
  constructor(db) {
    this.db = db;
  }

  static async open() {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      for (const store of STORES)
        request.result.createObjectStore(store, { autoIncrement: store === 'outbox' });
    };
    return new Storage(await done(request));
  }

  /** @returns {Promise<Login | undefined>} */
  login() {
    return done(this.db.transaction('login').objectStore('login').get('login'));
  }

  /** @param {Login} login */
  async keepLogin(login) {
    const transaction = this.db.transaction('login', 'readwrite', { durability: 'strict' });
    transaction.objectStore('login').put(login, 'login');
    await committed(transaction);
  }

  /** @returns {Promise<[Outgoing, IDBValidKey][]>} in the order they were written, each with its place */
  async outbox() {
    const store = this.db.transaction('outbox').objectStore('outbox');
    const [messages, places] = await Promise.all([done(store.getAll()), done(store.getAllKeys())]);
    return messages.map((message, index) => [message, places[index]]);
  }

  /**
   * @param {Outgoing} message
   * @returns {Promise<IDBValidKey>} its place, to remove it by
   */
  async post(message) {
    const transaction = this.db.transaction('outbox', 'readwrite');
    const place = done(transaction.objectStore('outbox').add(message));
    await committed(transaction);
    return place;
  }

  /** @param {IDBValidKey} place */
  posted(place) {
    this.db.transaction('outbox', 'readwrite').objectStore('outbox').delete(place);
  }

  /** @returns {Promise<[string, string][]>} pairs of number and LID */
  lids() {
    return done(this.db.transaction('lids').objectStore('lids').getAll());
  }

  /**
   * Kept when this resolves, also when the page is left at once.
   *
   * @param {string} number
   * @param {string} lid
   */
  async keepLid(number, lid) {
    const transaction = this.db.transaction('lids', 'readwrite');
    transaction.objectStore('lids').put([number, lid], number);
    await committed(transaction);
  }

  async clear() {
    const transaction = this.db.transaction(STORES, 'readwrite', { durability: 'strict' });
    for (const store of STORES) transaction.objectStore(store).clear();
    await committed(transaction);
  }
}
