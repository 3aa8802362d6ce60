import path from 'node:path';
import { endBrowsersUnder } from './webjs/browser.js';
import { WebjsEngine } from './webjs/engine.js';

/** WhatsApp Web in a real Chromium, through whatsapp-web.js (unmodified); `webjs/` holds how. */

export const name = 'webjs';

/** @type {readonly import('./contract.js').Ability[]} */
export const abilities = [
  'send',
  'acks',
  'incoming',
  'number_check',
  'lid_map',
  'find',
  'logout',
  'qr',
  'pairing_code',
  'media',
  'seen',
];

/** The library is loaded when a host starts, not when its first session does. */
export const preload = () => import('./webjs/client.js');

/** @param {string} profiles */
export const sweep = (profiles) => endBrowsersUnder(path.join(profiles, path.sep));

/** @param {import('./contract.js').EngineOptions} options */
export const create = (options) => new WebjsEngine(options);
