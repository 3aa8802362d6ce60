/**
 * What a page that speaks for a linked device can ask, one function a frame type. A frame with `q` is answered by
 * `re` {q, value}.
 */
import { LIMITS } from './limits.js';
import { lidOf, numberAt } from './numbers.js';
import { wireMessage } from './wire.js';

const MESSAGE_ID = /^[0-9A-Za-z]{8,64}$/;

/**
 * @typedef {object} Page
 * @property {import('./world.js').World} world
 * @property {import('./state.js').Device} device
 * @property {import('./wire.js').Addressing} addressing
 * @property {boolean} hidesNumbers
 * @property {(frame: Record<string, unknown>) => void} tell
 * @property {(frame: Record<string, unknown>) => void} tellTick subject to the faults of ticks
 *
 * @typedef {Record<string, unknown>} Frame
 */

/** @type {Record<string, (page: Page, frame: Frame) => void>} */
export const deviceFrames = {
  /** A message goes out; answered by `ack` {id, ack}, -1 when nobody can be reached there. */
  send({ world, device, tell, tellTick }, { id, to, body }) {
    const number = numberAt(to);
    const valid = typeof id === 'string' && MESSAGE_ID.test(id) && typeof body === 'string';
    if (!valid || !number || !world.exists(number) || body.length > LIMITS.textLength) {
      tell({ t: 'ack', id, ack: -1 });
      return;
    }
    const message = { from: device.number, to: number, body, id, device: device.id };
    world.send(message, (ack) => tellTick({ t: 'ack', id, ack }));
  },

  /** Everything up to n has been taken. */
  got({ world, device }, { n }) {
    world.took(device, Number(n));
  },

  /** The chat was looked at. */
  seen({ world, device }, { with: address }) {
    const other = numberAt(address);
    if (other) world.markRead(world.unread(device.number, other));
  },

  /** Is this number, or LID, on WhatsApp? */
  exists({ world, hidesNumbers, tell }, { q, to }) {
    const number = numberAt(to);
    const isHidden = hidesNumbers && String(to).endsWith('@lid');
    const found = number && world.exists(number);
    const value = found ? { number: isHidden ? null : number, lid: lidOf(number) } : null;
    tell({ t: 're', q, value });
  },

  /** The messages of a chat before a given one. */
  history(page, { q, with: address, before }) {
    const all = chatWith(page, address);
    const end = all.findIndex((message) => message.id === before);
    const older = all.slice(0, end < 0 ? all.length : end).slice(-LIMITS.historyPerChat);
    page.tell({ t: 're', q, value: older.map((message) => wired(page, message)) });
  },

  /** One message of a chat. */
  byid(page, { q, with: address, id }) {
    const found = chatWith(page, address).find((message) => message.id === id);
    page.tell({ t: 're', q, value: found ? wired(page, found) : null });
  },
};

/**
 * @param {Page} page
 * @param {unknown} address
 */
function chatWith({ world, device }, address) {
  const other = numberAt(address);
  return other ? world.chat(device.number, other) : [];
}

/**
 * @param {Page} page
 * @param {import('./state.js').Message} message
 */
const wired = ({ world, device, addressing }, message) =>
  wireMessage(world, message, device.number, addressing);
