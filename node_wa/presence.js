import { Lock } from './lib/lock.js';
import { brief } from './log.js';

/**
 * Notes in the profile that a login is stored, and until when everything that came in has been told: from there the next
 * start looks back.
 */

const EVERY_MS = 30_000;
/** Before the session was last known to be online, lest two clocks that differ cost a message. */
const SLACK_MS = 5 * 60_000;
const LOOK_BACK_MS = 7 * 24 * 3600 * 1000;

/** @typedef {import('./run.js').Run} Run */

export class Presence {
  #notedAt = 0;
  #writing = new Lock();

  /** @param {import('./session.js').Session} session @param {(run: Run) => boolean} isCurrent */
  constructor(session, isCurrent) {
    this.session = session;
    this.isCurrent = isCurrent;
  }

  /** Epoch ms: incoming messages from then on may not have been told. */
  get recoverSince() {
    const { login } = this.session;
    return login ? Math.max(login.online_at - SLACK_MS, Date.now() - LOOK_BACK_MS) : Date.now();
  }

  /** The login works; what came meanwhile is still to be told. @param {Run} run @param {{phone: string | null, push_name: string | null}} account */
  ready(run, account) {
    return this.#note(run, account, this.session.login?.online_at ?? Date.now());
  }

  /** What came in while it was away is in the journal: only now may the next start look back less far. @param {Run} run */
  async caughtUp(run) {
    const at = Date.now();
    await this.session.teller.written;
    if (!this.isCurrent(run)) return;
    run.caughtUp = true;
    await this.#note(run, this.session.facts, at);
  }

  /** It was seen to be connected. @param {Run} run */
  seen(run) {
    const isDue = Date.now() - this.#notedAt > EVERY_MS;
    if (isDue && run.caughtUp) this.#note(run, this.session.facts, Date.now());
  }

  /** @param {Run} run @param {{phone: string | null, push_name: string | null}} account @param {number} online_at */
  async #note(run, { phone, push_name }, online_at) {
    const { session } = this;
    this.#notedAt = Date.now();
    const login = { engine: session.order.engine, phone, push_name, online_at };
    await this.#writing
      .run(() => session.profile.keep(login))
      .catch((error) => session.log.error({ err: brief(error) }, 'login not noted'));
    if (this.isCurrent(run)) session.login = login;
  }
}
