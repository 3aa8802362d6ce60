/** What a linked device is told: messages, encrypted for it by the phone that wrote them, and ticks. */

import { TICK } from '../world.js';
import { lidJid, numberJid } from './addresses.js';
import { PhoneCipher } from './cipher.js';
import { letterOf } from './letters.js';
import { stanza } from './stanzas.js';

/** From the end: within the ciphertext or its authentication code, whatever kind of ciphertext it is. */
const INTO_THE_CODE = 10;

/**
 * @typedef {import('./stanzas.js').Stanza} Stanza
 * @typedef {import('../state.js').Message} Message
 * @typedef {import('./companion.js').CompanionRooms} CompanionRooms
 * @typedef {import('../state.js').Device} Device
 */

/**
 * @param {CompanionRooms} rooms
 * @param {Device} device
 * @param {Message} message
 * @param {{waited: boolean, again?: number}} how it waited while the device was away; asked for again, for the n-th time
 * @returns {Promise<Stanza>}
 */
export async function messageStanza(rooms, device, message, { waited, again }) {
  const cipher = new PhoneCipher(rooms, message.from, device.id);
  const { kind, bytes } = await cipher.encrypt(letterOf(rooms, message, device.number));
  const attrs = {
    id: message.id,
    ...addresses(rooms, device, message),
    type: message.media ? 'media' : 'text',
    notify: rooms.world.nameOf(message.from),
    t: Math.floor(Date.parse(message.at) / 1000),
    offline: waited ? 0 : undefined,
  };
  return stanza('message', attrs, [stanza('enc', { v: 2, type: kind, count: again }, bytes)]);
}

/**
 * People are addressed by LID.
 *
 * @param {CompanionRooms} rooms
 * @param {Device} device
 * @param {Message} message
 */
function addresses({ faults }, device, { from, to }) {
  const lid = { from: lidJid(from), addressing_mode: 'lid' };
  const shown = faults.values.hide_numbers ? () => undefined : numberJid;
  if (from !== device.number) return { ...lid, sender_pn: shown(from) };
  // With the sender's number here, the library takes the recipient's LID for the sender's.
  return { ...lid, recipient: lidJid(to), peer_recipient_pn: shown(to) };
}

/**
 * @param {Message} message
 * @param {number} ack
 * @param {boolean} waited
 */
export const tickStanza = (message, ack, waited) =>
  stanza('receipt', {
    id: message.id,
    from: lidJid(message.to),
    type: ack === TICK.READ ? 'read' : undefined,
    t: Math.floor(Date.now() / 1000),
    offline: waited ? 0 : undefined,
  });

/** The same stanza with a bit turned over: no key opens it. @param {Stanza} sound @returns {Stanza} */
export function damaged(sound) {
  const [enc] = /** @type {Stanza[]} */ (sound.content);
  const bytes = Buffer.from(/** @type {Uint8Array} */ (enc.content));
  bytes[bytes.length - INTO_THE_CODE] ^= 1;
  return { ...sound, content: [{ ...enc, content: bytes }] };
}
