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

  /**
   * @param {AbortSignal} [signal] gives the request up
   * @returns {Promise<(() => void) | null>} the way to give the slot back, calling it twice is harmless; null: it was given up
   */
  async take(signal) {
    if (signal?.aborted) return null;
    if (this.free > 0) this.free -= 1;
    else if (!(await this.#turn(signal))) return null;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#waiting.shift();
      if (next) next();
      else this.free += 1;
    };
  }

  /** @param {AbortSignal} [signal] @returns {Promise<boolean>} whether it came */
  #turn(signal) {
    return new Promise((resolve) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(come), 1);
        resolve(false);
      };
      const come = () => {
        signal?.removeEventListener('abort', leave);
        resolve(true);
      };
      this.#waiting.push(come);
      signal?.addEventListener('abort', leave);
    });
  }
}
