import { Attendant } from './attending.js';
import { keepLooking } from './heartbeat.js';
import { backoff } from './lib/backoff.js';
import { Lock } from './lib/lock.js';
import { Patience } from './lib/patience.js';
import { Linking } from './linking.js';
import { brief } from './log.js';
import { Losses } from './losses.js';
import { Presence } from './presence.js';
import { newRun } from './run.js';
import { afterwards, ofAStart } from './verdict.js';
import { Weight } from './weight.js';

/**
 * Keeps a session's engine running: launches it, follows what it tells, and brings it back when it is lost. Launching, ending
 * and restarting are tasks of one lock and never overlap; events of a run that is not the session's any more change nothing.
 */

/** @typedef {import('./run.js').Run} Run */

/** What comes in could not be kept: WhatsApp keeps it meanwhile. @type {[string, string]} */
export const BACKED_UP = ['events_backed_up', 'too many events wait to be stored'];

/** Looks in a row without an answer. What many share may be busy with the others. @param {Run} run */
const patience = (run) => (run.host.kind.isShared ? 4 : 1);

/** Of a session that works. @param {readonly string[]} missing abilities */
const reasonFor = (missing) => (missing.length > 0 ? 'whatsapp_changed' : null);

export class Keeper {
  #lock = new Lock();
  /** @type {Run | null} */
  run = null;
  wanted = false;
  /** The browser's process. */
  pid = 0;
  /** @type {NodeJS.Timeout | undefined} the next attempt */
  #retry;
  /** With a lost connection. */
  #patience = new Patience();
  #losses = new Losses();
  #connectedAt = 0;
  /** How often it was told to begin: what comes to its end meanwhile is of an earlier time. */
  #begun = 0;
  /** Its request for a slot to launch in, which whoever orders otherwise gives up. */
  #request = new AbortController();

  /** @param {import('./session.js').Session} session */
  constructor(session) {
    this.session = session;
    this.gateway = session.gateway;
    this.times = this.gateway.config.lifecycle;
    const lose = (/** @type {Run} */ run, /** @type {string} */ reason, /** @type {string} */ detail) =>
      this.lose(run, reason, detail);
    this.attendant = new Attendant(session, (run, type, data) => this.#heard(run, type, data));
    this.presence = new Presence(session, (run) => run === this.run && !run.lost);
    this.linking = new Linking(session, this.times, lose);
    this.weight = new Weight(this.gateway.config.memoryLimit, lose);
    /** @type {Record<string, (run: Run, data: any) => void>} */
    this.handlers = {
      browser: (_run, { pid }) => this.#onBrowser(pid),
      qr: (run, data) => this.linking.onQr(run, data),
      pairing_code: (run, data) => this.linking.onPairingCode(run, data),
      authenticating: () => this.linking.onAuthenticating(),
      ready: (run, data) => this.#onReady(run, data),
      state: (run, { state }) => this.#onState(run, state),
      ack: (_run, ack) => this.session.teller.ack(ack),
      message: (_run, message) => this.session.teller.received(message),
      caught_up: (run) => this.presence.caughtUp(run),
      ended: (run, data) => this.#onEnded(run, data),
    };
  }

  /** Starts, after ending what runs. */
  begin() {
    this.wanted = true;
    this.#begun += 1;
    const begun = this.#begun;
    this.#losses.forget();
    clearTimeout(this.#retry);
    this.#request.abort();
    if (this.run) this.run.lost ??= 'replaced';
    this.#task(async () => {
      await this.#endRun();
      if (begun === this.#begun) await this.#launch(); // else it was ordered anew
    });
  }

  /** No further attempts; `task` ends the run, if there is one. @param {(run: Run | null) => Promise<void>} task */
  async conclude(task) {
    this.wanted = false;
    this.#clearTimers();
    this.#request.abort();
    if (this.run) this.run.lost ??= 'concluded';
    await this.#lock.run(async () => {
      const run = this.run;
      this.run = null;
      await task(run);
    });
  }

  #clearTimers() {
    clearTimeout(this.#retry);
    this.#patience.end();
    this.linking.end();
  }

  /** @param {() => Promise<void>} task */
  #task(task) {
    this.#lock
      .run(task)
      .catch((error) => this.session.log.error({ err: brief(error) }, 'a step of the session failed'));
  }

  async #endRun() {
    const run = this.run;
    this.run = null;
    this.pid = 0;
    this.#patience.end();
    this.linking.end();
    await run?.end();
    if (run) await this.attendant.dismiss(run);
  }

  // --- launch --------------------------------------------------------------------------------------------------------

  async #launch() {
    if (!this.wanted || this.run) return;
    const begun = this.#begun;
    if (this.gateway.isBackedUp()) return void (await this.#lost(begun, ...BACKED_UP));
    this.#request = new AbortController();
    const giveBack = await this.gateway.slots(this.session.engine).take(this.#request.signal);
    if (!giveBack) return;
    try {
      if (!this.wanted) return;
      this.linking.begin();
      this.session.profile.make();
      const run = this.#newRun();
      this.run = run;
      await run.start();
      this.#watch(run);
    } catch (error) {
      await this.#lost(begun, ...ofAStart(error));
    } finally {
      giveBack();
    }
  }

  #newRun() {
    const onEvent = (/** @type {Run} */ run, /** @type {string} */ type, /** @type {any} */ data) =>
      this.#heard(run, type, data);
    const onAsk = (/** @type {Run} */ run, /** @type {string} */ what, /** @type {any} */ args) =>
      this.attendant.answer(run, what, args);
    return newRun(this.session, this.presence.recoverSince, { onEvent, onAsk });
  }

  /** @param {Run} run */
  #watch(run) {
    const isCurrent = () => run === this.run && !run.lost;
    const seen = (/** @type {string} */ state) => this.#onLook(run, state);
    const missed = (/** @type {number} */ misses) => this.#onMiss(run, misses);
    keepLooking(run, this.times, { isCurrent, seen, missed });
  }

  // --- what the engine tells -----------------------------------------------------------------------------------------

  /** @param {Run} run @param {string} type @param {any} data @returns {boolean} whether the run is the session's */
  #heard(run, type, data) {
    if (run !== this.run || run.lost) return false;
    this.handlers[type]?.(run, data);
    return true;
  }

  /** @param {number} pid */
  #onBrowser(pid) {
    this.pid = pid;
  }

  /** @param {Run} run @param {{phone: string | null, push_name: string | null, web_version: string | null, missing: string[]}} data */
  async #onReady(run, { phone, push_name, web_version, missing }) {
    this.linking.accepted();
    run.state = 'connected';
    await this.presence.ready(run, { phone, push_name });
    if (run !== this.run || run.lost) return;
    this.#patience.end();
    run.ready = true;
    this.#connectedAt ||= Date.now();
    this.#lacks(web_version, missing, false);
    const reason = reasonFor(missing);
    const last_error = reason ? `not possible with this version: ${missing.join(', ')}` : null;
    this.session.observe({ status: 'connected', reason, phone, push_name, last_error, missing });
    this.#onState(run, run.state); // it may have changed since
  }

  /** @param {string | null} web_version @param {string[]} missing abilities @param {boolean} unusable */
  #lacks(web_version, missing, unusable) {
    this.gateway.versions.saw(web_version, this.session.id, missing, unusable);
    if (web_version) this.session.note({ web_version });
  }

  /** @param {Run} run @param {import('./engines/contract.js').Ended} data */
  #onEnded(run, { reason, detail, web_version = null, missing = [] }) {
    if (reason === 'whatsapp_changed') {
      this.#lacks(web_version, missing, true);
      this.session.note({ missing });
    }
    this.lose(run, reason, detail);
  }

  /** @param {Run} run @param {string} state */
  #onState(run, state) {
    run.state = state;
    if (!run.ready) return;
    if (state !== 'connected') return this.#disconnected(run);
    this.#patience.end();
    const { status, missing } = this.session.facts;
    if (status === 'reconnecting') this.session.observe({ status: 'connected', reason: reasonFor(missing) });
  }

  /** @param {Run} run */
  #disconnected(run) {
    this.session.observe({ status: 'reconnecting', reason: 'connection_lost' });
    const lost = () => this.lose(run, 'connection_lost', 'the connection did not come back');
    this.#patience.begin(this.times.connectionGrace, lost);
  }

  /** @param {Run} run @param {string} state */
  #onLook(run, state) {
    this.session.confirm();
    this.#onState(run, state);
    if (this.session.facts.status === 'connected') this.presence.seen(run);
  }

  /** @param {Run} run @param {number} misses in a row */
  #onMiss(run, misses) {
    if (misses > patience(run)) this.lose(run, 'page_hung', 'it does not answer');
    else if (this.session.facts.status === 'connected')
      this.session.observe({ status: 'reconnecting', reason: 'page_hung' });
  }

  // --- its end -------------------------------------------------------------------------------------------------------

  /** Told at once, dealt with in turn. @param {Run | null} run @param {string} reason @param {string} detail */
  lose(run, reason, detail) {
    if (!run || run !== this.run || run.lost) return;
    run.lost = reason;
    const begun = this.#begun;
    const { session } = this;
    if (session.facts.status === 'connected')
      session.observe({ status: 'reconnecting', reason, last_error: detail });
    this.#task(async () => {
      if (run === this.run) await this.#lost(begun, reason, detail);
    });
  }

  /** @param {number} begun when it was running @param {string} reason @param {string} detail */
  async #lost(begun, reason, detail) {
    const { session } = this;
    session.log.warn({ reason, detail, host: this.run?.host.pid }, 'engine lost');
    await this.#endRun();
    if (!this.wanted) return;
    if (this.#connectedAt && Date.now() - this.#connectedAt >= this.times.stable) this.#losses.forget();
    this.#connectedAt = 0;
    const failures = this.#losses.withOneMore;
    const history = { linked: session.login !== null, failures, budget: this.times.budget };
    const verdict = afterwards(reason, history);
    if (verdict.wipe)
      await session
        .forgetLogin()
        .catch((error) => session.log.warn({ err: brief(error) }, 'login not wiped yet'));
    if (!this.wanted || begun !== this.#begun) return; // what was ordered meanwhile has its own turn
    this.#losses.note(verdict);
    if (verdict.outcome === 'retry') this.#again(verdict.reason ?? reason, detail);
    else this.#finish(verdict.outcome, verdict.reason ?? reason, detail);
  }

  /** @param {'failed' | 'disconnected'} status @param {string} reason @param {string} detail */
  #finish(status, reason, detail) {
    this.wanted = false;
    this.session.observe({ status, reason, last_error: detail, memory_mb: null });
  }

  /** @param {string} reason @param {string} detail */
  #again(reason, detail) {
    const { session } = this;
    const status = session.login ? 'reconnecting' : 'starting';
    session.observe({
      status,
      reason,
      last_error: detail,
      memory_mb: null,
      restarts: session.facts.restarts + 1,
    });
    const wait = backoff(this.#losses.inARow, this.times.backoff);
    this.#retry = setTimeout(() => this.#task(() => this.#launch()), wait);
  }
}
