import { BaileysEngine } from './baileys/engine.js';

/** WhatsApp's own protocol without a browser, through Baileys (unmodified); `baileys/` holds how. */

export const name = 'baileys';
export const library = 'baileys';
export const experimental = true;
export const stored = true;

/** A host trusts one network's certificates; the other network's sessions get a host of their own. */
export const hosting = { perHost: 100, perNetwork: true, heap: 1024 };

/** @type {readonly import('./contract.js').Ability[]} */
export const abilities = [
  'send',
  'acks',
  'incoming',
  'number_check',
  'lid_map',
  'find',
  'resend_same_id',
  'logout',
  'qr',
  'pairing_code',
  'media',
  'seen',
];

/** @param {import('pino').Logger} log */
export const preload = async (log) => (await import('./baileys/library.js')).load(log);

/** @param {import('./contract.js').EngineOptions} options */
export const create = (options) => new BaileysEngine(options);
