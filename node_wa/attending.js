import { GatewayError } from './errors.js';

/** Answers what a session's engine asks for (`Ask` in engines/contract.js): its stored login, and that something was journalled. */

/** @typedef {import('./run.js').Run} Run */
/** @typedef {import('./states/ledger.js').Ledger} Ledger */

export class Attendant {
  /** @type {WeakMap<Run, Ledger>} */
  #ledgers = new WeakMap();

  /** @param {import('./session.js').Session} session @param {(run: Run, type: string, data: any) => boolean} heard whether the run is the session's */
  constructor(session, heard) {
    this.session = session;
    this.heard = heard;
  }

  /** @param {Run} run @param {string} what @param {any} args */
  async answer(run, what, args) {
    if (what === 'tell') return this.#tell(run, args);
    if (what === 'state.open') return this.#open(run);
    const ledger = this.#ledgers.get(run);
    if (!ledger) throw new GatewayError('stale_epoch', 'the login was not opened');
    if (what === 'state.get') return ledger.get(args.type, args.ids);
    if (what === 'state.set') return ledger.set(args.changes);
    throw new GatewayError('not_supported_by_engine');
  }

  /** The run has ended: it writes no more. @param {Run} run */
  async dismiss(run) {
    await this.#ledgers.get(run)?.close();
  }

  /** @param {Run} run */
  async #open(run) {
    const { id, epoch, order, gateway } = this.session;
    const ledger = await gateway.vault.open({ session: id, network: order.network, epoch });
    this.#ledgers.set(run, ledger);
    const { creds = null } = await ledger.get('creds', ['creds']);
    return { creds };
  }

  /** @param {Run} run @param {{type: string, data: any}} event */
  async #tell(run, { type, data }) {
    if (!this.heard(run, type, data)) throw new GatewayError('stale_epoch', 'this run is not the session’s');
    await this.session.teller.written;
  }
}
