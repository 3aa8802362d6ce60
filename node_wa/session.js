import path from 'node:path';
import { engineNamed } from './engines.js';
import { coded, GatewayError } from './errors.js';
import { Keeper } from './keeper.js';
import { crashPoint } from './lib/crash_points.js';
import { NONE, Observation } from './observation.js';
import { Profile } from './profile.js';
import { Teller } from './teller.js';

/**
 * One WhatsApp session as the API sees it: what was ordered, what was observed, and what can be asked of it. Its keeper
 * holds the engine.
 */

/** What is left to say of a session that was ended on purpose. */
const NOTHING = { reason: null, memory_mb: null, missing: NONE };
const NETWORKS = ['live', 'sandbox'];
const CHECK_MS = 11_000; // more than either engine takes
const FIND_MS = 15_000;
const IDLE_MS = 4_000;
const MEDIA_MS = 60_000;
const SEEN_MS = 5_000;
const SEND_SLACK_MS = 5_000;

/**
 * @typedef {object} Order what PUT asks for
 * @property {string} engine
 * @property {'live' | 'sandbox'} network
 * @property {'qr' | 'code'} method
 * @property {string | null} phone
 * @property {number} epoch
 * @property {string | null} correlation
 */

/**
 * The right to hand messages over, which one worker has at a time: `epoch` rises with every change of hands, `until` is the
 * end of its lease, RFC 3339.
 * @typedef {{epoch: number, until: string}} Claim
 */

/**
 * @typedef {object} Gateway what all sessions share
 * @property {import('./config.js').Config} config
 * @property {import('./hosts.js').Hosts} hosts
 * @property {import('./journal.js').Journal} journal
 * @property {import('./versions.js').Versions} versions
 * @property {() => boolean} isBackedUp too many events wait to be stored by web
 * @property {(engine: import('./engines/contract.js').EngineModule) => import('./lib/lock.js').Slots} slots launches at the same time
 * @property {Map<string, import('./engines/contract.js').EngineModule>} engines
 * @property {import('./states/vault.js').Vault} vault logins that are kept in the database
 * @property {import('pino').Logger} log
 */

export class Session {
  #seen = new Observation();
  /** The highest epoch of a claim seen. */
  #claim = 0;
  /** Calls that end it and are under way. */
  ending = 0;
  /** @type {import('./profile.js').Login | null} what the profile holds */
  login = null;

  /** @param {string} id @param {Order} order @param {Gateway} gateway */
  constructor(id, order, gateway) {
    this.id = id;
    this.order = order;
    this.gateway = gateway;
    this.log = gateway.log.child({ session: id });
    this.profile = this.#profileOf(order);
    this.teller = new Teller(this, gateway.journal);
    this.keeper = new Keeper(this);
  }

  /** @param {{network: string}} order */
  #profileOf({ network }) {
    return new Profile(this.gateway.config.directory, network, this.id);
  }

  get epoch() {
    return this.order.epoch;
  }

  get engine() {
    return engineNamed(this.gateway.engines, this.order.engine);
  }

  get facts() {
    return this.#seen.facts;
  }

  snapshot() {
    const { epoch, engine, network } = this.order;
    return { id: this.id, epoch, engine, network, ...this.facts };
  }

  /** @param {Partial<import('./observation.js').Facts>} change */
  observe(change) {
    const before = this.facts.status;
    const isNews = this.#seen.see({ linked: this.login !== null, ...change });
    if (!isNews) return;
    const { status, reason } = this.facts;
    if (status !== before)
      this.log.info({ status, reason, epoch: this.epoch, correlation_id: this.order.correlation }, 'session');
    this.teller.status();
  }

  /** Not worth telling by itself. @param {Partial<import('./observation.js').Facts>} change */
  note(change) {
    this.#seen.note(change);
  }

  confirm() {
    this.#seen.confirm();
  }

  /** Starts, or starts anew when it runs; the login is kept. @param {Order} order */
  begin(order) {
    this.order = order;
    this.profile = this.#profileOf(order);
    this.login = this.profile.login(order.engine);
    const { phone = null, push_name = null } = this.login ?? {};
    const fresh = { reason: null, restarts: 0, last_error: null, missing: NONE };
    this.observe({ status: 'starting', phone, push_name, ...fresh });
    this.keeper.begin();
  }

  /** Ends the engine, the login stays. Settles when all is gone and written down. Started again meanwhile, it tells no end. */
  async stop() {
    await this.keeper.conclude(async (run) => {
      await run?.end();
      if (!this.keeper.wanted && !this.isOver) this.observe({ status: 'disconnected', ...NOTHING });
    });
    await this.teller.written;
  }

  /** Unlinks at WhatsApp when that can be reached, ends the engine and wipes the profile. */
  async logout() {
    await this.keeper.conclude(async (run) => {
      const { told } = (await run?.logout()) ?? { told: false };
      await this.forgetLogin();
      this.log.info({ told, correlation_id: this.order.correlation }, 'logged out');
      if (!this.keeper.wanted) this.observe({ status: 'disconnected', ...NOTHING });
    });
    await this.teller.written;
  }

  /**
   * The directory first: if the rest can't be done now, what is left is a login that WhatsApp refuses. That of the other network
   * too: it is left of a code that nobody had scanned when the network was changed. An engine that isn't there any more may have
   * kept its login in the database.
   */
  async forgetLogin() {
    for (const network of NETWORKS) await this.#profileOf({ network }).wipe();
    this.login = null;
    const { network, engine } = this.order;
    const known = this.gateway.engines.get(engine);
    if (!known || known.stored) await this.gateway.vault.forget({ session: this.id, network });
  }

  /** The gateway goes: nobody asked for a disconnect, so none is told. */
  async shutdown() {
    const isHeld = this.keeper.wanted && !this.isOver;
    await this.keeper.conclude(async (run) => {
      await run?.end();
      if (isHeld) this.observe({ status: this.login ? 'reconnecting' : 'starting', reason: 'host_ended' });
    });
    await this.teller.written;
  }

  /** It has come to an end by itself and holds nothing any more. */
  get isOver() {
    return this.facts.status === 'disconnected' || this.facts.status === 'failed';
  }

  /**
   * Rejected with anything but `outcome_unknown`, nothing went out.
   * @param {import('./schemas.js').Outgoing[]} messages
   * @param {number} epoch
   * @returns {Promise<import('./engines/contract.js').Outcome[]>} of those that were tried in one go
   */
  async send(messages, epoch) {
    const run = this.#connectedRun(epoch);
    for (const { wa_message_id, correlation_id, id } of messages)
      this.teller.expect(wa_message_id, { correlation: correlation_id, id });
    const orders = messages.map(({ to, body, wa_message_id }) => ({ to, body, wa_message_id }));
    try {
      crashPoint('gateway.before-engine');
      const deadline = this.gateway.config.engine.sendTimeout + SEND_SLACK_MS;
      const outcomes = await run.send(orders, deadline);
      crashPoint('gateway.after-engine');
      return outcomes;
    } catch (error) {
      const code = error instanceof GatewayError ? error.code : 'internal';
      if (code === 'deadline' || code === 'host_ended') throw new GatewayError('outcome_unknown', code);
      throw error;
    }
  }

  /** Refuses whoever has lost the lane: to a later worker, or by sleeping past its lease. @param {Claim} claim */
  claimed({ epoch, until }) {
    if (epoch < this.#claim || Date.now() > Date.parse(until)) throw new GatewayError('stale_claim');
    this.#claim = epoch;
  }

  /**
   * What was being handed over for the worker before is through, or given up, when it is looked for.
   * @param {import('./engines/contract.js').Wanted & {claim: Claim}} wanted
   */
  async find({ claim, ...wanted }) {
    this.claimed(claim);
    const run = this.#connectedRun(this.epoch);
    if (!(await run.idle(IDLE_MS))) throw new GatewayError('busy', 'a message is still being handed over');
    return run.call('find', wanted, FIND_MS);
  }

  /** @param {{phone: string}} asked @returns {Promise<{exists: boolean}>} whether it is on WhatsApp */
  async check({ phone }) {
    return this.#connectedRun(this.epoch).call('checkNumber', phone, CHECK_MS);
  }

  /**
   * The file lies in `media/incoming` then, under the name that is answered; whoever asked takes it away.
   * @param {Omit<import('./engines/contract.js').WantedMedia, 'file'>} wanted
   */
  async media(wanted) {
    const name = `${this.id}-${wanted.wa_message_id}`;
    const file = path.join(this.gateway.config.data, 'media', 'incoming', name);
    const fetched = await this.#connectedRun(this.epoch)
      .call('media', { ...wanted, file }, MEDIA_MS)
      .catch((/** @type {unknown} */ error) => {
        const { code } = coded(error);
        throw code === 'deadline' ? new GatewayError('media_unavailable', 'it took too long') : error;
      });
    return { file: name, ...fetched };
  }

  /** @param {{chat: import('./engines/contract.js').Party}} read */
  async seen(read) {
    return this.#connectedRun(this.epoch).call('seen', read, SEEN_MS);
  }

  /** @param {number} epoch */
  #connectedRun(epoch) {
    if (epoch < this.epoch) throw new GatewayError('stale_epoch');
    const run = this.keeper.run;
    if (epoch > this.epoch || !run || run.lost || this.facts.status !== 'connected')
      throw new GatewayError('session_not_connected');
    return run;
  }
}
