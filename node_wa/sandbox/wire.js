/**
 * How messages, chats and people look on the socket of a page. People go by the page's own addressing, by LID today:
 * a page doesn't learn a number it hasn't asked about.
 */
import { LIMITS } from './limits.js';
import { addressOf, lidOf } from './numbers.js';

/**
 * @typedef {'lid' | 'pn'} Addressing
 * @typedef {{id: string, me: boolean, with: string, name: string, body: string, t: number, ack: number}} WireMessage
 *   `t` in seconds, `name` of who wrote it
 * @typedef {{with: string, name: string, unread: number, messages: WireMessage[]}} WireChat
 */

/**
 * @param {import('./world.js').World} world
 * @param {import('./state.js').Message} message
 * @param {string} owner the number whose page it is for
 * @param {Addressing} addressing
 * @returns {WireMessage}
 */
export function wireMessage(world, message, owner, addressing) {
  const me = message.from === owner;
  return {
    id: message.id,
    me,
    with: addressOf(me ? message.to : message.from, addressing),
    name: world.nameOf(message.from),
    body: message.body,
    t: Math.floor(Date.parse(message.at) / 1000),
    ack: message.ack,
  };
}

/**
 * The recent chats, as a page finds them in its storage at login. Messages that still wait for the device come later.
 *
 * @param {import('./world.js').World} world
 * @param {import('./state.js').Device} device
 * @param {Addressing} addressing
 * @returns {WireChat[]} most recent first, at most `LIMITS.historyChars` of text
 */
export function wireChats(world, device, addressing) {
  const waiting = world.waitingFor(device);
  let room = LIMITS.historyChars;
  return world.chats(device.number).map((chat) => {
    const shown = [];
    for (const message of chat.messages.slice(-LIMITS.historyPerChat).reverse()) {
      if (waiting.has(message) || message.body.length > room) continue;
      room -= message.body.length;
      shown.unshift(wireMessage(world, message, device.number, addressing));
    }
    const fresh = chat.messages.filter((message) => waiting.has(message)).length;
    return {
      with: addressOf(chat.with, addressing),
      name: chat.name,
      unread: Math.max(0, chat.unread - fresh),
      messages: shown,
    };
  });
}

/**
 * @param {import('./world.js').World} world
 * @param {string} number
 */
export function wireAccount(world, number) {
  return { number, lid: lidOf(number), name: world.nameOf(number) };
}
