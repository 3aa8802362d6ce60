import path from 'node:path';
import wweb from 'whatsapp-web.js';
import { checking } from './checking.js';
import { compat } from './compat.js';
import { finding } from './finding.js';
import { letters } from './letters.js';
import { muting } from './muting.js';
import { reading } from './reading.js';
import { recovering } from './recovering.js';
import { sending } from './sending.js';
import { watching } from './watching.js';

/** How the library is made to fit: its own doors only (auth strategy, options), nothing of it is changed. */

/** Everything of ours that runs in the page, injected before WhatsApp's own scripts, in every document anew. */
const PAGE_PARTS = [compat, muting, watching, letters, recovering, reading, sending, finding, checking];
export const PAGE_SCRIPT = PAGE_PARTS.map((part) => `(${part})();`).join('\n');

/** Where LocalAuth keeps the browser's profile. @param {string} directory of the session */
export const profileIn = (directory) => path.join(directory, 'session');

/**
 * Tells when the browser is up, and never deletes a profile: the library would do so under a live browser, and the login of
 * a phone that scans again in that browser would be lost at the next launch.
 */
const LocalAuth = /** @type {any} */ (wweb.LocalAuth); // its types call its methods properties

class KeptLogin extends LocalAuth {
  /** @param {string} directory @param {() => Promise<void>} onBrowser */
  constructor(directory, onBrowser) {
    super({ dataPath: directory });
    this.onBrowser = onBrowser;
    this.told = false;
  }

  async afterBrowserInitialized() {
    if (this.told) return; // the library calls it again after a log-out
    this.told = true;
    await this.onBrowser();
  }

  async logout() {}
}

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {string | null} options.pairingPhone digits; null to link by QR
 * @param {import('puppeteer').LaunchOptions} options.launch
 * @param {number} options.authTimeout ms
 * @param {() => Promise<void>} options.onBrowser called once, before the page is loaded
 * @returns {any} a Client of whatsapp-web.js; its types leave out much of what it has
 */
export function newClient({ directory, pairingPhone, launch, authTimeout, onBrowser }) {
  const pairing = pairingPhone
    ? { pairWithPhoneNumber: { phoneNumber: pairingPhone, showNotification: true } }
    : {};
  return new wweb.Client(
    /** @type {any} */ ({
      authStrategy: new KeptLogin(directory, onBrowser),
      authTimeoutMs: authTimeout,
      webVersionCache: { type: 'none' },
      evalOnNewDoc: PAGE_SCRIPT,
      puppeteer: launch,
      ...pairing,
    }),
  );
}
