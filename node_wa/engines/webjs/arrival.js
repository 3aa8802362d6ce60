import { setTimeout as sleep } from 'node:timers/promises';
import { brief } from '../../log.js';

/**
 * From a loaded page to a session that works: waits for the login, helps the library over the signals the site forgets,
 * attaches our listeners and proves every ability. Runs again after each reload of the page, for as long as the engine lives.
 */

const LOOK_MS = 100;
const NUDGE_MS = 1_000; // the library's own signal may be on its way
const RENUDGE_MS = 5_000;
const CHECK_MS = 10_000; // modules of a fresh page may still be loading

/** Without these a session is of no use; of the others it only says that they are missing. */
const ESSENTIAL = ['send', 'acks', 'incoming', 'number_check'];

export class Arrival {
  #since = Date.now();
  #openingSince = 0;
  #connectedSince = 0;
  #loadedSince = 0;
  #nudgedAt = 0;
  #brokenSince = 0;
  /** Scripts on their way. @type {Set<any>} */
  #loading = new Set();
  progressAt = 0;
  /** What the page says it is. @type {string | null} */
  version = null;

  /**
   * @param {import('./page.js').Page} page
   * @param {import('../../config.js').EngineSettings} settings
   * @param {import('pino').Logger} log
   */
  constructor(page, settings, log) {
    this.page = page;
    this.settings = settings;
    this.log = log;
  }

  /**
   * @param {{over: () => boolean, asked: () => boolean, onLogin: () => void}} engine `asked`: a QR or a code is shown, and a
   *   person has all the time; `onLogin`: a login is there, told at every look
   * @returns {Promise<{missing: string[]} | {failed: [string, string, string[]]} | null>} `failed`: reason, detail, missing
   *   abilities; null when it was over before
   */
  async run({ over, asked, onLogin }) {
    while (!over()) {
      const look = await this.page.look().catch(() => null); // no document just now, or not ours yet
      this.version = look?.version ?? this.version;
      const failed = this.#failed(look, asked());
      if (failed) return { failed: [...failed, await this.#lacking(failed[0])] };
      if (look?.state === 'CONNECTED') {
        onLogin();
        await this.#help(look);
        const missing = look.loaded ? await this.#check() : null;
        if (missing) return { missing };
      }
      await sleep(LOOK_MS);
    }
    return null;
  }

  /** @param {any} request */
  loads(request) {
    if (request.resourceType() === 'script') this.#loading.add(request);
  }

  /**
   * A script that could not be had, and none had since or on its way, leaves a page that never becomes WhatsApp Web.
   * @param {any} request @param {boolean} ok
   */
  loaded(request, ok) {
    if (this.#loading.delete(request)) this.#brokenSince = ok ? 0 : Date.now();
  }

  /** @param {number} now */
  #isBroken(now) {
    return (
      this.#loading.size === 0 && this.#brokenSince > 0 && now - this.#brokenSince > this.settings.loadTimeout
    );
  }

  /** @param {import('./page.js').Look | null} look @param {boolean} asked @returns {[string, string] | null} */
  #failed(look, asked) {
    const now = Date.now();
    const state = look?.state ?? null;
    if (look && look.status >= 400) return ['whatsapp_unreachable', `WhatsApp answers ${look.status}`];
    const isOpening = state === 'OPENING' || state === 'UNLAUNCHED' || state === 'TIMEOUT';
    this.#openingSince = isOpening ? this.#openingSince || now : 0;
    this.#connectedSince = state === 'CONNECTED' ? this.#connectedSince || now : 0;
    if (state) this.#brokenSince = 0; // it needed no more, and the next document will say so itself
    if (isOpening && now - this.#openingSince > this.settings.loadTimeout)
      return ['whatsapp_unreachable', 'WhatsApp does not answer'];
    if (this.#isBroken(now)) return ['whatsapp_unreachable', 'WhatsApp went away while its page loaded'];
    if (state === 'CONNECTED') return this.#stuck(now);
    if (asked || now - this.#since < this.settings.authTimeout) return null;
    return ['auth_timeout', state ? `no login came (${state})` : 'the page is not WhatsApp Web'];
  }

  /** @param {number} now @returns {[string, string] | null} */
  #stuck(now) {
    if (now - Math.max(this.#connectedSince, this.progressAt) < this.settings.syncTimeout) return null;
    return ['whatsapp_changed', 'logged in, but WhatsApp Web never gets ready'];
  }

  /** Which abilities it is that a changed site takes away. @param {string} reason @returns {Promise<string[]>} */
  async #lacking(reason) {
    if (reason !== 'whatsapp_changed') return [];
    const check = this.page.call('listen').then(() => this.page.call('check'));
    return check.catch((error) => {
      this.log.warn({ err: brief(error) }, 'the changed page can not be checked');
      return [];
    });
  }

  /** The site may have lost its signal, or given it before anybody listened (wwebjs #5774, #3785, #3747). @param {import('./page.js').Look} look */
  async #help({ synced, loaded }) {
    if (loaded) return;
    const now = Date.now();
    const quiet = now - Math.max(this.#connectedSince, this.progressAt);
    if (quiet < (synced ? NUDGE_MS : this.settings.syncGrace) || now - this.#nudgedAt < RENUDGE_MS) return;
    this.#nudgedAt = now;
    await this.page
      .nudge()
      .catch((error) => this.log.warn({ err: brief(error) }, 'the library did not get ready'));
  }

  /** @returns {Promise<string[] | null>} abilities that are missing for good; null: look again */
  async #check() {
    this.#loadedSince ||= Date.now();
    await this.page.call('listen');
    const missing = await this.page.call('check');
    const patient = Date.now() - this.#loadedSince < CHECK_MS;
    return patient && missing.some((/** @type {string} */ ability) => ESSENTIAL.includes(ability))
      ? null
      : missing;
  }
}

/** @param {string[]} missing */
export const isUseless = (missing) => missing.some((ability) => ESSENTIAL.includes(ability));
