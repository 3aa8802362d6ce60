/**
 * Messages on their way out: onto the disk and onto the socket; the server's tick takes them off the disk again. What is
 * still there at login goes out again under its old id, and the server knows a double when it sees one.
 */

const RESEND_AFTER_MS = 20_000;

/**
 * @typedef {import('./storage.js').Outgoing} Outgoing
 * @typedef {import('./chat_models.js').Msg} Msg
 * @typedef {{outgoing: Outgoing, msg: Msg, place: IDBValidKey | null, taken: () => void, isTaken: boolean}} Pending
 */

export class Outbox {
  /** @type {Map<string, Pending>} by message id, in the order they were written */
  #pending = new Map();

  /**
   * @param {import('./link.js').Link} link
   * @param {import('./storage.js').Storage} storage
   */
  constructor(link, storage) {
    this.link = link;
    this.storage = storage;
    link.on('frame:ack', ({ id, ack }) => this.#taken(id, ack));
    setInterval(() => this.resend(RESEND_AFTER_MS), RESEND_AFTER_MS);
  }

  /**
   * @param {Msg} msg
   * @param {string} to
   * @param {string} body
   * @returns {[Promise<void>, Promise<{messageSendResult: string, t: number}>]} it is on disk; the server has it
   */
  post(msg, to, body) {
    const outgoing = { id: msg.id.id, to, body, at: Date.now() };
    const [pending, taken] = this.#expect(outgoing, msg);
    this.link.tell({ t: 'send', ...outgoing });
    const kept = this.storage.post(outgoing).then((place) => this.#placed(pending, place));
    return [kept, taken];
  }

  /**
   * @param {Outgoing} outgoing
   * @param {Msg} msg
   * @returns {[Pending, Promise<{messageSendResult: string, t: number}>]}
   */
  #expect(outgoing, msg) {
    /** @type {Pending} */
    const pending = { outgoing, msg, place: null, taken: () => {}, isTaken: false };
    this.#pending.set(outgoing.id, pending);
    const taken = new Promise((resolve) => {
      pending.taken = () => resolve({ messageSendResult: msg.ack < 0 ? 'ERROR_UNKNOWN' : 'OK', t: msg.t });
    });
    return [pending, taken];
  }

  /**
   * The tick may have been quicker than the disk.
   *
   * @param {Pending} pending
   * @param {IDBValidKey} place
   */
  #placed(pending, place) {
    pending.place = place;
    if (pending.isTaken) this.storage.posted(place);
  }

  /**
   * @param {string} id
   * @param {number} ack
   */
  #taken(id, ack) {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    pending.isTaken = true;
    if (pending.place !== null) this.storage.posted(pending.place);
    if (ack < 0 || ack > pending.msg.ack) pending.msg.set({ ack });
    pending.taken();
  }

  /**
   * What was on its way when the page was last closed.
   *
   * @param {(outgoing: Outgoing) => Msg} msgOf
   */
  async load(msgOf) {
    for (const [outgoing, place] of await this.storage.outbox()) {
      if (this.#pending.has(outgoing.id)) continue;
      const [pending] = this.#expect(outgoing, msgOf(outgoing));
      this.#placed(pending, place);
    }
  }

  /** @param {number} [ageMs] only what is older */
  resend(ageMs = 0) {
    for (const { outgoing } of this.#pending.values()) {
      if (Date.now() - outgoing.at >= ageMs) this.link.tell({ t: 'send', ...outgoing });
    }
  }
}
