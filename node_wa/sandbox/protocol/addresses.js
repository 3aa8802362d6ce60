/** Addresses of this protocol: `<number>[:device]@s.whatsapp.net` and `<lid>[:device]@lid`; device 0, left out, is the phone. */
import { lidOf, numberAt } from '../numbers.js';

/**
 * @param {unknown} jid
 * @returns {{number: string, device: number, byLid: boolean} | null} null when it is no address of a person
 */
export function personAt(jid) {
  const match =
    typeof jid === 'string' ? /^(\d+)(?::(\d{1,2}))?@(s\.whatsapp\.net|c\.us|lid)$/.exec(jid) : null;
  if (!match) return null;
  const byLid = match[3] === 'lid';
  const number = numberAt(`${match[1]}@${byLid ? 'lid' : 'c.us'}`);
  return number ? { number, device: Number(match[2] ?? 0), byLid } : null;
}

/** @param {string} number @param {number} [device] */
export const numberJid = (number, device = 0) => `${number}${suffix(device)}@s.whatsapp.net`;

/** @param {string} number @param {number} [device] */
export const lidJid = (number, device = 0) => `${lidOf(number)}${suffix(device)}@lid`;

/** @param {number} device */
const suffix = (device) => (device ? `:${device}` : '');
