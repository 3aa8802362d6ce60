/**
 * Models and collections with Backbone's event rules, as WhatsApp Web has them: `on` takes several names at a time,
 * a changed attribute gives `change:<name>` (model, value, previous) and then `change` (model), and a model's events
 * bubble to its collections.
 */

/** @typedef {(...args: any[]) => void} Listener */

export class Events {
  /** @type {Map<string, Listener[]>} */
  #listeners = new Map();

  /**
   * @param {string} names
   * @param {Listener} listener
   */
  on(names, listener) {
    for (const name of names.split(' '))
      this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
    return this;
  }

  /**
   * @param {string} names
   * @param {Listener} listener
   */
  once(names, listener) {
    /** @param {any[]} args */
    const wrapped = (...args) => {
      this.off(names, wrapped);
      listener(...args);
    };
    return this.on(names, wrapped);
  }

  /**
   * @param {string} names
   * @param {Listener} listener
   */
  off(names, listener) {
    for (const name of names.split(' ')) {
      this.#listeners.set(
        name,
        (this.#listeners.get(name) ?? []).filter((l) => l !== listener),
      );
    }
    return this;
  }

  /**
   * A listener that throws doesn't keep the next from hearing.
   *
   * @param {string} name
   * @param {any[]} args
   */
  trigger(name, ...args) {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        listener(...args);
      } catch (error) {
        reportError(error);
      }
    }
  }
}

export class Model extends Events {
  /** @type {Set<Events>} */
  #collections = new Set();

  /** @param {Record<string, any>} attributes */
  constructor(attributes) {
    super();
    Object.assign(this, attributes);
  }

  /** @param {Record<string, any>} attributes */
  set(attributes) {
    let changed = false;
    for (const [name, value] of Object.entries(attributes)) {
      const before = Reflect.get(this, name);
      if (before === value) continue;
      Reflect.set(this, name, value);
      changed = true;
      this.trigger(`change:${name}`, this, value, before);
    }
    if (changed) this.trigger('change', this);
  }

  /**
   * @param {string} name
   * @param {any[]} args
   */
  trigger(name, ...args) {
    super.trigger(name, ...args);
    for (const collection of this.#collections) collection.trigger(name, ...args);
  }

  /** @param {Events} collection */
  joined(collection) {
    this.#collections.add(collection);
  }

  /** @param {Events} collection */
  left(collection) {
    this.#collections.delete(collection);
  }

  /** @returns {Record<string, any>} */
  serialize() {
    return { ...this };
  }

  toJSON() {
    return this.serialize();
  }
}

/**
 * Models by what their `id` reads as. Beyond its limit the oldest is let go of, without an event.
 *
 * @template {Model & {id: any}} M
 */
export class Collection extends Events {
  /** @type {Map<string, M>} */
  #byId = new Map();

  /** @param {number} limit */
  constructor(limit) {
    super();
    this.limit = limit;
  }

  get length() {
    return this.#byId.size;
  }

  /**
   * @param {unknown} id
   * @returns {M | undefined}
   */
  get(id) {
    return id === undefined || id === null ? undefined : this.#byId.get(String(id));
  }

  /**
   * @param {M} model
   * @param {string} [id] when it is not found under its own
   */
  add(model, id = String(model.id)) {
    if (this.#byId.has(id)) return;
    this.#byId.set(id, model);
    model.joined(this);
    if (this.#byId.size > this.limit) this.#forget([...this.#byId.keys()][0]);
    this.trigger('add', model);
  }

  /** @param {M[]} models those it holds, in the order they shall have */
  reorder(models) {
    this.#byId = new Map(models.map((model) => [String(model.id), model]));
  }

  /** @param {string} id */
  #forget(id) {
    this.#byId.get(id)?.left(this);
    this.#byId.delete(id);
  }

  getModelsArray() {
    return [...this.#byId.values()];
  }

  toJSON() {
    return this.getModelsArray();
  }
}
