import { LRUCache } from 'lru-cache';
import { until } from '../../lib/deadline.js';
import { momentOf } from '../../lib/moment.js';
import { brief } from '../../log.js';
import { contentOf, describe, FILES, fileOf, quotedOf } from './letters.js';

/**
 * What comes in over one connection. WhatsApp forgets a message once its receipt is there, and a message can be opened once: so
 * it is told, and in the gateway's journal, before the keys move on and before the receipt goes. Dying anywhere in between has
 * it come again.
 */

const TOLD = 500;
const OFFLINE_MS = 60_000;
const UNREAD = 200; // chats
const UNREAD_IN_A_CHAT = 20;

/** Types of a receipt that are a tick on what we sent. @type {Record<string, import('../contract.js').Ack>} */
const TICKS = { '': 'delivered', inactive: 'delivered', read: 'read', played: 'read' };

/**
 * @typedef {object} Hearer
 * @property {(type: 'message' | 'ack', data: any) => Promise<void>} tell settles when it is journalled
 * @property {(error: unknown) => void} lost it could not be told: the connection must not go on
 * @property {(name: string) => void} named our own name was seen
 */

export class Receiving {
  /** @type {WeakMap<Uint8Array, any>} what is sealed → the stanza it came in */
  #sealed = new WeakMap();
  /** Ids of messages that came while we were away, not told yet. @type {Set<string>} */
  #offline = new Set();
  /** @type {LRUCache<string, true>} */
  #told = new LRUCache({ max: TOLD });
  /** @type {LRUCache<string, any[]>} by chat: keys of messages nobody said to have read */
  #unread = new LRUCache({ max: UNREAD });
  /** @type {LRUCache<string, string>} the phone's address book, by address */
  #names = new LRUCache({ max: 500 });

  /**
   * @param {object} parts
   * @param {any} parts.library
   * @param {import('./keepsakes.js').Keepsakes} parts.keepsakes
   * @param {any} parts.keys as they are stored: a file has to be found before the library's transaction has ended
   * @param {Hearer} parts.hearer
   * @param {import('pino').Logger} parts.log
   */
  constructor({ library, keepsakes, keys, hearer, log }) {
    this.library = library;
    this.keepsakes = keepsakes;
    this.keys = keys;
    this.hearer = hearer;
    this.log = log;
  }

  /** @param {any} auth `{creds, keys}` @param {any} logger @param {any} askForLids */
  repository = (auth, logger, askForLids) => {
    const repository = this.library.DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, askForLids);
    const open = repository.decryptMessage.bind(repository);
    repository.decryptMessage = (/** @type {any} */ sealed) =>
      auth.keys.transaction(async () => {
        const plain = await open(sealed);
        await this.#opened(this.#sealed.get(sealed.ciphertext), plain);
        return plain;
      }, sealed.jid);
    return repository;
  };

  /** @param {any} sock @param {import('./parties.js').Parties} parties */
  attach(sock, parties) {
    this.parties = parties;
    this.#offline.clear(); // what an earlier connection did not confirm comes again
    instead(sock.ws, 'CB:message', (stanza, handle) => {
      this.#arrives(stanza);
      // The library takes what had waited one after the other; of the rest one would overtake another, and what had waited, too.
      return handle({ ...stanza, attrs: { ...stanza.attrs, offline: '0' } });
    });
    instead(sock.ws, 'CB:receipt', (stanza, handle) => this.#receipt(stanza, handle));
    sock.ev.on('messages.upsert', (/** @type {any} */ batch) => this.#upserted(batch));
    const named = (/** @type {any[]} */ contacts) => this.#contacts(contacts);
    sock.ev.on('contacts.upsert', named);
    sock.ev.on('contacts.update', named);
    sock.ev.on('messaging-history.set', (/** @type {any} */ { contacts }) => named(contacts ?? []));
  }

  /** Settles when what had waited for us is told, or could not be opened. */
  async caughtUp() {
    await until(() => this.#offline.size === 0, OFFLINE_MS);
  }

  /** @param {string[]} addresses of a chat @returns {any[]} */
  takeUnread(addresses) {
    const keys = addresses.flatMap((address) => this.#unread.get(address) ?? []);
    for (const address of addresses) this.#unread.delete(address);
    return [...new Map(keys.map((key) => [key.id, key])).values()];
  }

  /** @param {any} stanza */
  #arrives(stanza) {
    if (!Array.isArray(stanza.content)) return;
    for (const { tag, content } of stanza.content)
      if (tag === 'enc' && content instanceof Uint8Array) this.#sealed.set(content, stanza);
    if (stanza.attrs.offline && this.parties?.isPerson(stanza.attrs.from)) this.#offline.add(stanza.attrs.id);
  }

  /** Inside the library's transaction. @param {any} stanza @param {Uint8Array} plain */
  async #opened(stanza, plain) {
    if (!stanza) return;
    try {
      const full = this.#read(stanza, plain);
      if (full) await this.#tell(full, stanza.attrs);
    } catch (error) {
      this.hearer.lost(error);
      throw error;
    } finally {
      this.#offline.delete(stanza.attrs.id);
    }
  }

  /** @param {any} stanza @param {Uint8Array} plain @returns {any} null: it never can be read, and the library deals with that */
  #read(stanza, plain) {
    const { creds } = /** @type {import('./parties.js').Parties} */ (this.parties).sock.authState;
    const { fullMessage } = this.library.decodeMessageNode(stanza, creds.me.id, creds.me.lid ?? '');
    try {
      const decoded = this.library.proto.Message.decode(this.library.unpadRandomMax16(plain));
      return { ...fullMessage, message: decoded.deviceSentMessage?.message || decoded };
    } catch (error) {
      this.log.warn({ err: brief(error) }, 'what was sent to us is no message');
      return null;
    }
  }

  /** What could not be opened at first, and came from the phone later. @param {{messages: any[]}} batch */
  async #upserted({ messages }) {
    for (const message of messages) {
      this.#offline.delete(message.key.id);
      if (message.key.fromMe && message.pushName) this.hearer.named(message.pushName);
      if (!message.message || this.#told.has(message.key.id)) continue;
      await this.#tell(message, {}).catch((error) =>
        this.log.warn({ err: brief(error) }, 'a message could not be told'),
      );
    }
  }

  /** @param {any} full a WebMessageInfo @param {Record<string, string>} attrs of its stanza */
  async #tell(full, attrs) {
    const { remoteJid, fromMe, id } = full.key;
    const part = this.parties?.isPerson(remoteJid) ? contentOf(this.library, full.message) : null;
    if (!part || this.parties?.isMe(remoteJid)) return;
    const letter = await this.#letter(full, part, attrs);
    if (FILES[part.type]) await this.keepsakes.keep(this.keys, 'files', id, fileOf(part));
    await this.hearer.tell('message', letter);
    this.#told.set(id, true);
    if (!fromMe) this.#noteUnread(letter.chat, full.key);
  }

  /** @param {any} full @param {{type: string, content: any}} part @param {Record<string, string>} attrs */
  async #letter(full, part, attrs) {
    const { remoteJid, fromMe, id, remoteJidAlt } = full.key;
    const other = fromMe
      ? (attrs.peer_recipient_pn ?? attrs.recipient_pn ?? attrs.peer_recipient_lid ?? attrs.recipient_lid)
      : remoteJidAlt;
    const parties = /** @type {import('./parties.js').Parties} */ (this.parties);
    const chat = await parties.of(remoteJid, other);
    const names = [chat.lid, chat.phone && `${chat.phone.slice(1)}@s.whatsapp.net`];
    return {
      wa_message_id: id,
      chat,
      from: fromMe ? null : chat,
      from_me: Boolean(fromMe),
      push_name: fromMe ? null : (full.pushName?.slice(0, 200) ?? null),
      contact_name: names.map((name) => this.#names.get(name ?? '')).find(Boolean) ?? null,
      ...describe(part),
      quoted: quotedOf(this.library, part, (author) => parties.isMe(author)),
      ack: fromMe ? 'sent' : null,
      at: momentOf(full.messageTimestamp),
      recovered: Boolean(attrs.offline),
    };
  }

  /** @param {import('../contract.js').Party} chat @param {any} key */
  #noteUnread({ phone, lid }, key) {
    const address = lid ?? phone ?? '';
    this.#unread.set(address, [...(this.#unread.get(address) ?? []), key].slice(-UNREAD_IN_A_CHAT));
  }

  /** WhatsApp hears that we have it once it is journalled. @param {any} stanza @param {Function} handle the library's own */
  async #receipt(stanza, handle) {
    const { from, id, type = '', recipient, t } = stanza.attrs;
    const ack = TICKS[type];
    try {
      if (ack && !recipient && this.parties?.isPerson(from) && !this.parties.isMe(from)) {
        const items = Array.isArray(stanza.content)
          ? this.library.getBinaryNodeChildren(stanza.content[0], 'item')
          : [];
        const at = momentOf(t);
        const ids = [id, ...items.map((/** @type {any} */ item) => item.attrs.id)];
        await Promise.all(ids.map((wa_message_id) => this.hearer.tell('ack', { wa_message_id, ack, at })));
      }
    } catch (error) {
      return this.hearer.lost(error);
    }
    return handle(stanza);
  }

  /** @param {any[]} contacts */
  #contacts(contacts) {
    for (const { id, lid, name, notify } of contacts) {
      if (id && this.parties?.isMe(id) && notify) this.hearer.named(notify);
      if (name)
        for (const address of [id, lid]) if (address) this.#names.set(address, String(name).slice(0, 200));
    }
  }
}

/**
 * @param {any} ws @param {string} name @param {(stanza: any, handle: (stanza: any) => Promise<void>) => unknown} ours given the
 *   library's own way
 */
function instead(ws, name, ours) {
  const [handle] = ws.listeners(name);
  ws.off(name, handle);
  ws.on(name, (/** @type {any} */ stanza) => ours(stanza, handle));
}
