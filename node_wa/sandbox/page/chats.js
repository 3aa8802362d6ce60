/**
 * Messages and chats as the page holds them, and their way in and out.
 *
 * Out: into the outbox on disk and onto the socket; the server's tick takes it out of the outbox again. What is in the
 * outbox at login goes out again under its old id, and the server knows a double when it sees one.
 * In: the server keeps a message for this device until `got` says that it is here.
 */
import { Collection, Model } from './models.js';
import { createWid } from './wid.js';

const MESSAGES_HELD = 5_000;
const MESSAGES_PER_CHAT = 200;
const CHATS_HELD = 2_000;
const GOT_AFTER_MS = 20;
const RESEND_AFTER_MS = 20_000;

/**
 * @typedef {import('./wid.js').Wid} Wid
 * @typedef {import('../wire.js').WireMessage} WireMessage
 * @typedef {{place: IDBValidKey | null, outgoing: import('./storage.js').Outgoing, msg: any, sent: () => void,
 *   done: boolean}} Pending
 */

/** As the site's own minified errors read: `r: r`. */
class MinifiedError extends Error {
  name = 'r';
}

class Msg extends Model {
  /** @type {any} */ id;
  ack = 0;
  t = 0;
  isNewMsg = false;

  /** @param {Record<string, any>} attributes */
  constructor(attributes) {
    super({});
    Object.assign(this, attributes);
  }

  unsafe() {
    return this;
  }

  /** @param {{id: Wid}} chat */
  msgContextInfo(chat) {
    return { quotedStanzaID: this.id.id, quotedRemoteJid: chat.id, quotedMsg: this.serialize() };
  }
}

class Chat extends Model {
  /** @type {any} */ id;
  /** @type {Collection<Msg>} */ msgs = new Collection(MESSAGES_PER_CHAT);
  unreadCount = 0;
  t = 0;
  /** @type {any} */ lastReceivedKey = undefined;

  /** @param {Record<string, any>} attributes */
  constructor(attributes) {
    super({});
    Object.assign(this, attributes);
  }

  serialize() {
    return { ...super.serialize(), msgs: this.msgs.getModelsArray().map((msg) => msg.serialize()) };
  }

  toJSON() {
    const { msgs, ...rest } = this.serialize();
    return rest;
  }
}

export class Chats {
  /** @type {Collection<Msg> & Record<string, any>} */
  Msg = new Collection(MESSAGES_HELD);
  /** @type {Collection<Chat> & Record<string, any>} */
  Chat = new Collection(CHATS_HELD);
  /** @type {Map<string, Pending>} by message id */
  #pending = new Map();
  #outboxLoaded = false;
  #got = 0;
  #gotTimer = 0;

  /**
   * @param {{traits: import('../profiles.js').Traits, link: import('./link.js').Link, me: {pn?: Wid, lid?: Wid},
   *   storage: import('./storage.js').Storage, addresses: import('./addresses.js').Addresses, MsgKey: any}} rooms
   */
  constructor(rooms) {
    this.rooms = rooms;
    rooms.link.on('frame:msg', ({ n, message }) => this.#arrived(n, message));
    rooms.link.on('frame:tick', ({ n, id, with: address, ack }) => this.#ticked(n, id, address, ack));
    rooms.link.on('frame:ack', ({ id, ack }) => this.#accepted(id, ack));
    this.Msg.modelClass = Msg;
    this.Msg.getMessagesById = (/** @type {string[]} */ ids) => this.#byIds(ids);
    this.Chat.find = (/** @type {Wid} */ wid) => this.findOrCreate(wid).then(({ chat }) => chat);
    setInterval(() => this.#resend(Date.now() - RESEND_AFTER_MS), RESEND_AFTER_MS);
  }

  // Chats

  /** @param {Wid} wid */
  #chatOf(wid) {
    const known = this.Chat.get(wid);
    if (known) return known;
    const chat = new Chat({ id: wid, formattedTitle: wid.user, isReadOnly: false, mute: { expiration: 0 } });
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

  /** @param {import('../wire.js').WireChat[]} chats as the server tells at login, most recent first */
  load(chats) {
    for (const { with: address, name, unread, messages } of chats.reverse()) {
      const chat = this.#chatOf(createWid(address));
      for (const message of messages) this.#hold(message, false);
      chat.set({ unreadCount: unread, name });
    }
  }

  /** @param {{chat: Chat}} options */
  async loadEarlierMsgs({ chat }) {
    const oldest = chat.msgs.getModelsArray().sort((a, b) => a.t - b.t)[0];
    const { link } = this.rooms;
    const older = await link.ask({ t: 'history', with: String(chat.id), before: oldest?.id.id });
    return older.map((/** @type {WireMessage} */ message) => this.#hold(message, false));
  }

  /** @param {string[]} keys */
  async #byIds(keys) {
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

  // In

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
    const msg = this.Chat.get(address)
      ?.msgs.getModelsArray()
      .find((m) => m.id.id === id && m.id.fromMe);
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
   * @param {boolean} isNew
   */
  #hold({ id, me, with: address, name, body, t, ack }, isNew) {
    const remote = createWid(address);
    const key = new this.rooms.MsgKey({ fromMe: me, remote, id, selfDir: me ? 'out' : undefined });
    const known = this.#chatOf(remote).msgs.get(key);
    if (known) {
      if (ack > known.ack) known.set({ ack });
      return known;
    }
    const mine = this.#myAddress(remote);
    const [from, to] = me ? [mine, remote] : [remote, mine];
    const msg = new Msg({ id: key, ack, body, from, to, t, type: 'chat', notifyName: name, isNewMsg: isNew });
    if (me) msg.set({ self: 'out' });
    this.#add(msg);
    return msg;
  }

  /** @param {Wid} remote */
  #myAddress(remote) {
    return remote.isLid() ? this.rooms.me.lid : this.rooms.me.pn;
  }

  /** @param {Msg} msg */
  #add(msg) {
    const chat = this.#chatOf(msg.id.remote);
    chat.msgs.add(msg);
    if (msg.t >= chat.t) chat.set({ t: msg.t, lastReceivedKey: msg.id });
    this.Msg.add(msg, this.#indexOf(msg));
    if (msg.isNewMsg && !msg.id.fromMe) chat.set({ unreadCount: chat.unreadCount + 1 });
  }

  /** @param {Msg} msg */
  #indexOf(msg) {
    const { traits, addresses, MsgKey } = this.rooms;
    const other = addresses.getAlternateUserWid(msg.id.remote);
    if (traits.sentIndex === 'same' || !msg.id.fromMe || !other) return String(msg.id);
    return String(new MsgKey({ ...msg.id, remote: other, selfDir: msg.id.self }));
  }

  // Out

  /**
   * @param {Chat} chat
   * @param {Record<string, any>} message
   * @returns {[Promise<any>, Promise<any>]} kept and on its way; taken by the server
   */
  addAndSend(chat, message) {
    const msg = new Msg(message);
    const outgoing = { id: msg.id.id, to: String(chat.id), body: message.body, at: Date.now() };
    const { pending, sent } = this.#await(outgoing, msg);
    this.#add(msg);
    this.rooms.link.tell({ t: 'send', ...outgoing });
    const kept = this.rooms.storage.post(outgoing).then((place) => this.#placed(pending, place));
    return [kept, sent];
  }

  /**
   * @param {import('./storage.js').Outgoing} outgoing
   * @param {Msg} msg
   */
  #await(outgoing, msg) {
    /** @type {Pending} */
    const pending = { place: null, outgoing, msg, sent: () => {}, done: false };
    const sent = new Promise((resolve) => {
      pending.sent = () => resolve({ messageSendResult: msg.ack < 0 ? 'ERROR_UNKNOWN' : 'OK', t: msg.t });
    });
    this.#pending.set(outgoing.id, pending);
    return { pending, sent };
  }

  /**
   * The tick may have been quicker than the disk.
   *
   * @param {Pending} pending
   * @param {IDBValidKey} place
   */
  #placed(pending, place) {
    pending.place = place;
    if (pending.done) this.rooms.storage.posted(place);
  }

  /**
   * @param {string} id
   * @param {number} ack
   */
  #accepted(id, ack) {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    pending.done = true;
    if (pending.place !== null) this.rooms.storage.posted(pending.place);
    if (ack < 0 || ack > pending.msg.ack) pending.msg.set({ ack });
    pending.sent();
  }

  /** What was on its way when the page was last closed. */
  async loadOutbox() {
    if (this.#outboxLoaded) return;
    this.#outboxLoaded = true;
    const { storage, MsgKey } = this.rooms;
    const [outbox, places] = await Promise.all([storage.outbox(), storage.places()]);
    for (const [index, outgoing] of outbox.entries()) {
      if (this.#pending.has(outgoing.id)) continue;
      const remote = createWid(outgoing.to);
      const key = new MsgKey({ fromMe: true, remote, id: outgoing.id, selfDir: 'out' });
      const from = this.#myAddress(remote);
      const { body, at } = outgoing;
      const msg = new Msg({
        id: key,
        ack: 0,
        body,
        from,
        to: remote,
        t: Math.floor(at / 1000),
        type: 'chat',
        self: 'out',
        isNewMsg: false,
      });
      const known = this.#chatOf(remote).msgs.get(key);
      if (!known) this.#add(msg);
      this.#placed(this.#await(outgoing, known ?? msg).pending, places[index]);
    }
  }

  /** @param {number} [before] only what was written before, in milliseconds */
  #resend(before = Number.POSITIVE_INFINITY) {
    for (const { outgoing } of this.#pending.values()) {
      if (outgoing.at < before) this.rooms.link.tell({ t: 'send', ...outgoing });
    }
  }

  resendAll() {
    this.#resend();
  }
}
