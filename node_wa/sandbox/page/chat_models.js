/** A message and a chat, as the library finds them in `WAWebCollections`. */
import { attached } from './media.js';
import { Collection, Model } from './models.js';

const MESSAGES_PER_CHAT = 2_000;

/** @typedef {import('./wid.js').Wid} Wid */

export class Msg extends Model {
  /** @type {import('./msg_key.js').MsgKey} */ id;
  ack = 0;
  /** seconds */ t = 0;
  isNewMsg = false;
  notifyName = '';

  /** @param {{id: import('./msg_key.js').MsgKey, [attribute: string]: any}} attributes */
  constructor(attributes) {
    super({});
    this.id = attributes.id;
    Object.assign(this, attributes);
  }

  unsafe() {
    return this;
  }

  /** On the site it takes options; all it does here is to have the file ready. */
  async downloadMedia() {
    await attached(this);
  }

  /** @param {{id: Wid}} chat */
  msgContextInfo(chat) {
    return { quotedStanzaID: this.id.id, quotedRemoteJid: chat.id, quotedMsg: this.serialize() };
  }
}

export class Chat extends Model {
  /** @type {Collection<Msg>} oldest first */ msgs = new Collection(MESSAGES_PER_CHAT);
  unreadCount = 0;
  /** seconds */ t = 0;
  /** @type {import('./msg_key.js').MsgKey | undefined} */ lastReceivedKey = undefined;
  isReadOnly = false;
  mute = { expiration: 0 };

  /** @param {Wid} id */
  constructor(id) {
    super({});
    this.id = id;
    this.formattedTitle = id.user;
  }

  /**
   * @param {string} random the random part of its key
   * @returns {Msg | undefined}
   */
  sent(random) {
    return this.msgs.getModelsArray().find(({ id }) => id.fromMe && id.id === random);
  }

  serialize() {
    return { ...super.serialize(), msgs: this.msgs.getModelsArray().map((msg) => msg.serialize()) };
  }

  toJSON() {
    const { msgs, ...rest } = this.serialize();
    return rest;
  }
}
