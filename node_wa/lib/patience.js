/** Waits for something to come back: from the first word that it is away, however often that is said again. */
export class Patience {
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** @param {number} ms @param {() => void} over when it did not */
  begin(ms, over) {
    this.#timer ??= setTimeout(over, ms);
  }

  end() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
