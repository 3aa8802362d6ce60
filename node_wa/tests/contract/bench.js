/** What one engine's contract is played on: a sandbox, a gateway, and a database where the engine keeps its logins there. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { TestDatabase } from '../support/database.js';
import { Gateway } from '../support/gateway.js';
import { Sandbox, until } from '../support/sandbox.js';

export const ME = '+4915112340001';
export const FRIEND = '+4915112340002';
/** Exists by itself, and reads when told to. */
export const BOT = '+12025550101';

export class Bench {
  /** @type {Sandbox} */
  sandbox = new Sandbox();
  /** @type {Gateway} */
  gateway = new Gateway('');
  /** @type {TestDatabase | null} */
  #database = null;

  /** @param {string} engine @param {import('../../engines/contract.js').EngineModule} module */
  constructor(engine, { abilities, hosting, stored }) {
    this.order = { engine };
    this.abilities = abilities;
    this.isLight = hosting !== undefined; // without a browser
    this.stored = stored;
  }

  async start() {
    this.sandbox = await Sandbox.start();
    if (this.stored) this.#database = await TestDatabase.start(this.sandbox.data);
    this.gateway = await Gateway.start(this.sandbox.data);
    for (const number of [ME, FRIEND])
      await this.sandbox.ok('PUT', `/phones/${number}`, { name: `Phone ${number}` });
  }

  async stop() {
    await this.gateway.close();
    await this.#database?.kill();
    await this.sandbox.stop();
  }

  /** @param {string} session */
  profile(session) {
    return path.join(this.gateway.data, 'gateway', 'profiles', 'sandbox', session);
  }

  /** @param {string} id @param {string} ack */
  acked(id, ack) {
    const { web } = this.gateway;
    return until(
      `ack ${ack}`,
      () => web.told('message.ack', (data) => data.wa_message_id === id && data.ack === ack)[0],
    );
  }

  #codes() {
    return this.gateway.web.told('session.status', (data) => data.qr).length;
  }

  /** @param {string} session @param {() => Promise<void>} fault */
  async comesBack(session, fault) {
    const codes = this.#codes();
    const { since } = await this.gateway.session(session);
    await fault();
    await until('connected again', async () => {
      const now = await this.gateway.session(session);
      return now.status === 'connected' && now.since !== since;
    });
    assert.equal(this.#codes(), codes, 'no new QR was shown');
  }
}
