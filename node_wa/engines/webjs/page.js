import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../../errors.js';
import { within } from '../../lib/deadline.js';
import { ackName } from './reasons.js';
import { Traffic } from './traffic.js';

/**
 * WhatsApp's page as seen from Node: each call is one round trip with a deadline, since a hung page answers nothing and a
 * dead one may not even say so.
 */

const CALL_MS = 10_000;
const RECOVER_MS = 15 * 60_000;
const RECOVERY_LOOK_MS = 50;
const ANSWER_MS = 2_000; // what the page's own answer may take beyond the page's own deadline

/** @typedef {{state: string | null, synced: boolean, loaded: boolean, listening: boolean, version: string | null, status: number}} Look `status` of HTTP, 0 when it isn't known */

export class Page {
  /** @type {Traffic | null} */
  #traffic = null;

  /** @param {any} page of puppeteer */
  constructor(page) {
    this.page = page;
  }

  /**
   * What the page tells goes one way: a binding of the browser's own, since puppeteer's answers each call in the page. It is
   * there in every document to come.
   * @param {(type: string, data: any) => void} heard
   * @param {() => void} onDocument another one has come
   */
  async hear(heard, onDocument) {
    const channel = await this.page.createCDPSession();
    channel.on(
      'Runtime.bindingCalled',
      (/** @type {{name: string, payload: string}} */ { name, payload }) => {
        if (name !== 'wabotTell') return;
        const { type, data } = JSON.parse(payload);
        heard(type, data);
      },
    );
    await channel.send('Runtime.enable'); // without it the binding is not carried into the next document
    await channel.send('Runtime.addBinding', { name: 'wabotTell' });
    this.#traffic = new Traffic(this.page);
    await this.#traffic.attend(channel, onDocument);
  }

  /** It works: the browser needn't tell of its network until the next document. */
  async hush() {
    await this.#traffic?.hush();
  }

  /**
   * Calls `window.wabot[method](argument)`.
   * @param {string} method
   * @param {unknown} [argument]
   * @param {number} [ms]
   * @returns {Promise<any>}
   */
  call(method, argument, ms = CALL_MS) {
    const inPage = (/** @type {string} */ name, /** @type {any} */ value) =>
      /** @type {any} */ (window).wabot[name](value);
    const late = () => new GatewayError('deadline', `the page does not answer ${method}`);
    return within(this.page.evaluate(inPage, method, argument), ms, late);
  }

  /** @returns {Promise<Look>} */
  look() {
    return this.call('state');
  }

  /** Plays the signal that the library waits for and that the site may have given before it listened (wwebjs #5774). */
  async nudge() {
    const signal = () => /** @type {any} */ (window).onAppStateHasSyncedEvent();
    await within(
      this.page.evaluate(signal),
      CALL_MS,
      () => new GatewayError('deadline', 'the library does not get ready'),
    );
  }

  /** Tells WhatsApp that this device is to be unlinked. */
  async logout() {
    const leave = () => /** @type {any} */ (window).require('WAWebSocketModel').Socket.logout();
    await this.page.evaluate(leave);
  }

  /**
   * @param {import('../contract.js').OutgoingMessage[]} messages
   * @param {number} deadline epoch ms of the latest hand-over
   * @returns {Promise<import('../contract.js').Outcome[]>} of those that were tried
   */
  async send(messages, deadline) {
    const ms = Math.max(deadline - Date.now(), 0) + ANSWER_MS;
    const orders = messages.map(({ to, body, wa_message_id: id }) => ({ to, body, id, deadline }));
    const answers = await this.call('send', orders, ms).catch((error) => {
      throw new GatewayError('outcome_unknown', error.message.slice(0, 200)); // the call may have reached the page
    });
    return answers.map((/** @type {any} */ { id, ack, error, detail }) =>
      error ? { code: error, detail } : { wa_message_id: id, ack: ackName(ack) },
    );
  }

  /** @param {string} phone @returns {Promise<{exists: boolean}>} whether it is on WhatsApp */
  async exists(phone) {
    const answer = await this.call('exists', phone);
    if (answer.error) throw new GatewayError(answer.error, answer.detail);
    return answer;
  }

  /**
   * Of an account with many chats it takes minutes, longer than the browser waits for an answer: it is asked for now and then.
   * @param {number} since epoch ms @returns {Promise<{told: number, cut: boolean}>}
   */
  async recover(since) {
    const end = Date.now() + RECOVER_MS;
    await this.call('beginRecovery', since);
    while (Date.now() < end) {
      const { begun, result } = await this.call('recovery');
      if (result) return result;
      if (!begun) throw new Error('Execution context was destroyed: the page was loaded anew');
      await sleep(RECOVERY_LOOK_MS);
    }
    throw new GatewayError('deadline', 'looking back takes too long');
  }

  /**
   * @param {import('../contract.js').Wanted} wanted
   * @returns {Promise<import('../contract.js').Found>}
   */
  async find({ to, body, wa_message_id: id, since }) {
    const answer = await this.call('find', { to, body, id, since: Math.floor(Date.parse(since) / 1000) });
    const named = (/** @type {{id: string, ack: number}} */ msg) => ({
      wa_message_id: msg.id,
      ack: ackName(msg.ack),
    });
    return answer.found
      ? { found: true, ...named(answer) }
      : { found: false, alike: answer.alike.map(named) };
  }
}
