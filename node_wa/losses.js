/**
 * How often a session was lost in a row: the wait before the next attempt grows each time, but only what may be the session's
 * own fault uses its budget up. However long WhatsApp was away, it may be lost as often as ever afterwards.
 */
export class Losses {
  #inARow = 0;
  #counted = 0;

  get inARow() {
    return this.#inARow;
  }

  /** Of those that count; with one more. */
  get withOneMore() {
    return this.#counted + 1;
  }

  /** @param {import('./verdict.js').Verdict} verdict */
  note({ uncounted = false, forgiven = false }) {
    if (uncounted) return;
    this.#inARow += 1;
    if (!forgiven) this.#counted += 1;
  }

  forget() {
    this.#inARow = 0;
    this.#counted = 0;
  }
}
