/**
 * How messages, chats and people look on the socket of a page. People go by the page's own addressing, by LID today:
 * a page doesn't learn a number it hasn't asked about.
 */
import { LIMITS } from './limits.js';
import { addressOf, lidOf } from './numbers.js';

const QUOTED_CHARS = 4096;

/**
 * @typedef {'lid' | 'pn'} Addressing
 * @typedef {{id: string, me: boolean, by: string, body: string, kind: string}} WireQuoted `by` is its author's address
 * @typedef {{id: string, me: boolean, with: string, name: string, body: string, t: number, ack: number, kind?: string,
 *   media?: import('./media.js').Media, quoted?: WireQuoted}} WireMessage `t` in seconds, `name` of who wrote it
 * @typedef {{with: string, name: string, unread: number, messages: WireMessage[]}} WireChat
 * @typedef {import('./world.js').World} World
 * @typedef {import('./state.js').Message} Message
 */

/**
 * @param {World} world
 * @param {Message} message
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
    kind: message.kind,
    media: message.media,
    quoted: message.quoted && wireQuoted(world, message.quoted, owner, addressing),
  };
}

/**
 * @param {World} world
 * @param {import('./state.js').Quoted} quoted
 * @param {string} owner
 * @param {Addressing} addressing
 * @returns {WireQuoted}
 */
function wireQuoted(world, { id, from }, owner, addressing) {
  const message = world.state.message(from, id); // forgotten by now, perhaps
  const [body, kind] = [message?.body.slice(0, QUOTED_CHARS) ?? '', message?.kind ?? 'text'];
  return { id, me: from === owner, by: addressOf(from, addressing), body, kind };
}

/**
 * The recent chats, as a page finds them in its storage at login. Messages that still wait for the device come later.
 *
 * @param {World} world
 * @param {import('./state.js').Device} device
 * @param {Addressing} addressing
 * @returns {WireChat[]} most recent first, at most `LIMITS.historyChars` of text
 */
export function wireChats(world, { number, queue }, addressing) {
  const waiting = new Set(queue.filter((item) => item.ack === null).map((item) => item.message));
  const room = { chars: LIMITS.historyChars };
  const chats = [...(world.state.chats.get(number)?.values() ?? [])].slice(-LIMITS.shownChats).reverse();
  return chats.map((chat) => ({
    with: addressOf(chat.with, addressing),
    name: world.nameOf(chat.with),
    unread: world.unread(number, chat.with).filter((message) => !waiting.has(message)).length,
    messages: recent(chat.messages, waiting, room).map((m) => wireMessage(world, m, number, addressing)),
  }));
}

/**
 * @param {Message[]} messages
 * @param {Set<Message>} waiting
 * @param {{chars: number}} room what is left of it is written back
 */
function recent(messages, waiting, room) {
  const chosen = [];
  for (const message of messages.slice(-LIMITS.historyPerChat).reverse()) {
    if (waiting.has(message) || message.body.length > room.chars) continue;
    room.chars -= message.body.length;
    chosen.unshift(message);
  }
  return chosen;
}

/**
 * @param {World} world
 * @param {string} number
 */
export function wireAccount(world, number) {
  return { number, lid: lidOf(number), name: world.nameOf(number) };
}
