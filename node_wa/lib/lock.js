/**
 * One at a time: tasks given to `run` never overlap and run in the order they came. A task that fails does not stop the next.
 */
export class Lock {
  /** @type {Promise<unknown>} */
  #tail = Promise.resolve();

  /**
   * @template T
   * @param {() => Promise<T> | T} task
   * @returns {Promise<T>}
   */
  run(task) {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined); // the failure belongs to the caller of run()
    return result;
  }
}

/** At most `size` holders at a time, first come first served. */
export class Slots {
  /** @type {Array<() => void>} */
  #waiting = [];

  /** @param {number} size */
  constructor(size) {
    this.free = size;
  }

  /** @returns {Promise<() => void>} the way to give the slot back; calling it twice is harmless */
  async take() {
    if (this.free > 0) this.free -= 1;
    else await new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#waiting.shift();
      if (next) next();
      else this.free += 1;
    };
  }
}
