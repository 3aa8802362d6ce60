/** While somebody with a phone is to link the session: what is shown, how long, and what a refused login means. */

/** @typedef {import('./run.js').Run} Run */

export class Linking {
  /** @type {NodeJS.Timeout | undefined} */
  #patience;
  #texts = 0;
  #refusals = 0;

  /**
   * @param {import('./session.js').Session} session
   * @param {import('./config.js').Lifecycle} times
   * @param {(run: Run, reason: string, detail: string) => void} lose
   */
  constructor(session, times, lose) {
    this.session = session;
    this.times = times;
    this.lose = lose;
  }

  /** A new run starts. */
  begin() {
    clearTimeout(this.#patience);
    this.#texts = 0;
  }

  /** Nobody is waited for any more. */
  end() {
    clearTimeout(this.#patience);
  }

  /** The stored login works. */
  accepted() {
    this.end();
    this.#refusals = 0;
  }

  /** @param {Run} run @param {{qr: string, expires_at: string}} data */
  onQr(run, { qr, expires_at }) {
    if (this.session.login) return this.#refused(run);
    this.#texts += 1;
    if (this.#texts === 1) this.#waitFor(run, this.times.qrTimeout);
    if (this.#texts > this.times.qrRotations) return this.lose(run, 'qr_not_scanned', 'nobody scanned');
    return this.session.observe({ status: 'qr', reason: null, qr, qr_expires_at: expires_at });
  }

  /** @param {Run} run @param {{code: string}} data */
  onPairingCode(run, { code }) {
    if (this.session.login) return this.#refused(run);
    this.#waitFor(run, this.times.pairingTimeout);
    return this.session.observe({ status: 'pairing', reason: null, pairing_code: code });
  }

  /** A session that comes back stays `reconnecting` until it is there. */
  onAuthenticating() {
    this.end();
    if (this.session.facts.status !== 'reconnecting')
      this.session.observe({ status: 'authenticating', reason: null });
  }

  /**
   * WhatsApp asks to link though a login is stored. The login is given up on its second word only: the first may be a page
   * that started badly.
   * @param {Run} run
   */
  #refused(run) {
    this.#refusals += 1;
    const reason = this.#refusals > 1 ? 'unlinked_on_phone' : 'auth_timeout';
    this.lose(run, reason, 'the stored login is not accepted');
  }

  /** @param {Run} run @param {number} ms */
  #waitFor(run, ms) {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.lose(run, 'qr_not_scanned', 'nobody linked in time'), ms);
  }
}
