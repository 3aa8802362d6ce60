/**
 * The messages and chats that the page holds: recent ones from the server at login, earlier ones on asking, new ones as
 * they come. The server keeps a new message for this device until `got` says that it is here.
 */
import { Chat, Msg } from './chat_models.js';
import { mediaAttributes } from './media.js';
import { Collection } from './models.js';
import { randomId } from './msg_key.js';
import { Outbox } from './outbox.js';
import { createWid } from './wid.js';

const MESSAGES_HELD = 5_000;
const CHATS_HELD = 2_000;
const GOT_AFTER_MS = 20;

/**
 * @typedef {import('./wid.js').Wid} Wid
 * @typedef {import('./msg_key.js').MsgKey} MsgKey
 * @typedef {import('../wire.js').WireMessage} WireMessage
 */

/** As the site's own minified errors read: `r: r`. */
class MinifiedError extends Error {
  name = 'r';
}

export class Chats {
  /** @type {Collection<Msg> & Record<string, any>} */
  Msg = new Collection(MESSAGES_HELD);
  /** @type {Collection<Chat> & Record<string, any>} */
  Chat = new Collection(CHATS_HELD);
  #got = 0;
  #gotTimer = 0;
  #isOutboxLoaded = false;

  /**
   * @param {{traits: import('../profiles.js').Traits, link: import('./link.js').Link, me: {pn?: Wid, lid?: Wid},
   *   storage: import('./storage.js').Storage, addresses: import('./addresses.js').Addresses,
   *   MsgKey: import('./msg_key.js').MsgKeyClass}} rooms
   */
  constructor(rooms) {
    this.rooms = rooms;
    const { link, storage } = rooms;
    this.outbox = new Outbox(link, storage);
    link.on('frame:msg', ({ n, message }) => this.#arrived(n, message));
    link.on('frame:tick', ({ n, id, with: address, ack }) => this.#ticked(n, id, address, ack));
    this.Msg.modelClass = Msg;
    this.Msg.getMessagesById = (/** @type {string[]} */ keys) => this.#byKeys(keys);
    this.Chat.find = async (/** @type {Wid} */ wid) => (await this.findOrCreate(wid)).chat;
  }

  /**
   * At every login. What was on its way out is found on disk at the first one, and goes out again at each.
   *
   * @param {import('../wire.js').WireChat[]} chats most recent first
   */
  async load(chats) {
    for (const { with: address, name, unread, messages } of chats.reverse()) {
      const chat = this.#chatOf(createWid(address));
      for (const message of messages) this.#hold(message, false);
      chat.set({ unreadCount: unread, formattedTitle: name });
    }
    if (this.#isOutboxLoaded) return;
    this.#isOutboxLoaded = true;
    await this.outbox.load(({ id, to, body, at }) => {
      const t = Math.floor(at / 1000);
      return this.#hold({ id, me: true, with: to, name: '', body, t, ack: 0 }, false);
    });
  }

  // Chats

  /** @param {Wid} wid */
  #chatOf(wid) {
    const known = this.Chat.get(wid);
    if (known) return known;
    const chat = new Chat(wid);
    this.Chat.add(chat);
    return chat;
  }

  /**
   * @param {Wid} wid
   * @returns {Promise<{chat: Chat, created: boolean}>}
   * @throws {Error} `No LID for user` for a number that was never looked up
   */
  async findOrCreate(wid) {
    const address = this.#addressFor(createWid(wid));
    if (!address) throw new Error('No LID for user');
    const created = !this.Chat.get(address);
    return { chat: this.#chatOf(address), created };
  }

  /** @param {Wid} wid */
  #addressFor(wid) {
    if (!wid.isUser()) return wid;
    const { traits, addresses } = this.rooms;
    return traits.addressing === 'pn' ? addresses.getPhoneNumber(wid) : addresses.getCurrentLid(wid);
  }

  /**
   * @param {{chat: Chat}} options
   * @returns {Promise<Msg[]>}
   */
  async loadEarlierMsgs({ chat }) {
    const before = chat.msgs.getModelsArray()[0]?.id.id;
    const older = await this.rooms.link.ask({ t: 'history', with: String(chat.id), before });
    const newest = chat.msgs.getModelsArray();
    const found = older.map((/** @type {WireMessage} */ message) => this.#hold(message, false));
    chat.msgs.reorder([...new Set([...found, ...newest])]);
    return found;
  }

  /** @param {string[]} keys */
  async #byKeys(keys) {
    const found = await Promise.all(keys.map((key) => this.Msg.get(key) ?? this.#fetch(key)));
    return { messages: found.filter(Boolean) };
  }

  /** @param {string} key */
  async #fetch(key) {
    if (key === undefined) throw new MinifiedError('r');
    const { remote, id } = this.rooms.MsgKey.fromString(String(key));
    const message = await this.rooms.link.ask({ t: 'byid', with: String(remote), id });
    return message && this.#hold(message, false);
  }

  /** @param {Chat} chat */
  seen(chat) {
    if (this.rooms.traits.seen === 'throws') {
      throw new TypeError("Cannot read properties of undefined (reading 'markedUnread')");
    }
    this.rooms.link.tell({ t: 'seen', with: String(chat.id) });
    chat.set({ unreadCount: 0 });
  }

  // Messages

  /**
   * @param {Chat} chat
   * @param {{id: MsgKey, body: string}} attributes
   * @returns {[Promise<any>, Promise<any>]} kept and on its way; taken by the server
   */
  addAndSend(chat, attributes) {
    const msg = new Msg({ ...attributes, id: this.#sentId(attributes.id) });
    this.#add(msg);
    return this.outbox.post(msg, String(chat.id), attributes.body);
  }

  /** @param {MsgKey} id the key that the sender made @returns {MsgKey} */
  #sentId(id) {
    const { traits, MsgKey } = this.rooms;
    if (traits.sentId === 'given') return id;
    return new MsgKey({ fromMe: true, remote: id.remote, id: randomId(), selfDir: id.self });
  }

  /**
   * @param {number} n
   * @param {WireMessage} message
   */
  #arrived(n, message) {
    this.#hold(message, true);
    this.#take(n);
  }

  /**
   * @param {number} n
   * @param {string} id
   * @param {string} address
   * @param {number} ack
   */
  #ticked(n, id, address, ack) {
    const msg = this.Chat.get(address)?.sent(id);
    if (msg && ack > msg.ack) msg.set({ ack });
    this.#take(n);
  }

  /** @param {number} n */
  #take(n) {
    this.#got = Math.max(this.#got, n);
    if (this.#gotTimer) return;
    this.#gotTimer = window.setTimeout(() => {
      this.#gotTimer = 0;
      this.rooms.link.tell({ t: 'got', n: this.#got });
    }, GOT_AFTER_MS);
  }

  /**
   * @param {WireMessage} message
   * @param {boolean} isNewMsg
   */
  #hold({ id: random, me, with: address, name, body, t, ack, kind, media, quoted }, isNewMsg) {
    const remote = createWid(address);
    const id = new this.rooms.MsgKey({ fromMe: me, remote, id: random, selfDir: me ? 'out' : undefined });
    const known = this.#chatOf(remote).msgs.get(id);
    if (known) {
      if (ack > known.ack) known.set({ ack });
      return known;
    }
    const mine = remote.isLid() ? this.rooms.me.lid : this.rooms.me.pn;
    const ends = me ? { from: mine, to: remote, self: 'out' } : { from: remote, to: mine };
    const type = kind ?? 'chat';
    const file = mediaAttributes(media, body, t);
    const reply = quotedAttributes(quoted, remote);
    const text = media ? '' : body; // of a file the site keeps a small picture there
    const msg = new Msg({
      ...{ id, ack, body: text, ...ends, t, type, notifyName: name, isNewMsg },
      ...file,
      ...reply,
    });
    this.#add(msg);
    return msg;
  }

  /** @param {Msg} msg */
  #add(msg) {
    const chat = this.#chatOf(msg.id.remote);
    chat.msgs.add(msg);
    if (!msg.id.fromMe) chat.set({ formattedTitle: msg.notifyName });
    if (msg.t >= chat.t) chat.set({ t: msg.t, lastReceivedKey: msg.id });
    this.Msg.add(msg, this.#indexOf(msg));
    if (msg.isNewMsg && !msg.id.fromMe) chat.set({ unreadCount: chat.unreadCount + 1 });
  }

  /** @param {Msg} msg */
  #indexOf({ id }) {
    const { traits, addresses, MsgKey } = this.rooms;
    const other = addresses.getAlternateUserWid(id.remote);
    if (traits.sentIndex === 'same' || !id.fromMe || !other) return String(id);
    return String(new MsgKey({ fromMe: true, remote: other, id: id.id, selfDir: id.self }));
  }
}

/**
 * @param {import('../wire.js').WireQuoted | undefined} quoted
 * @param {Wid} remote
 */
function quotedAttributes(quoted, remote) {
  if (!quoted) return {};
  const { id, by, body, kind } = quoted;
  const isText = kind === 'text';
  return {
    quotedStanzaID: id,
    quotedParticipant: createWid(by),
    quotedRemoteJid: remote,
    quotedMsg: isText ? { type: 'chat', body } : { type: kind, caption: body },
  };
}
