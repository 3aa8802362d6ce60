/** Ids of people, groups and the rest: `<user>@<server>`. */
export class Wid {
  /** @param {string} serialized */
  constructor(serialized) {
    const [user, server] = serialized.split('@');
    this.server = server;
    this.user = user;
    this._serialized = serialized;
  }

  isLid() {
    return this.server === 'lid';
  }

  isUser() {
    return this.server === 'lid' || this.server === 'c.us';
  }

  isGroup() {
    return this.server === 'g.us';
  }

  isStatus() {
    return this._serialized === 'status@broadcast';
  }

  isBroadcast() {
    return this.server === 'broadcast';
  }

  isNewsletter() {
    return this.server === 'newsletter';
  }

  /** @param {Wid | undefined} other */
  equals(other) {
    return other?._serialized === this._serialized;
  }

  toJid() {
    return this._serialized.replace('@c.us', '@s.whatsapp.net');
  }

  toString() {
    return this._serialized;
  }
}

/**
 * @param {string | {_serialized: string}} like
 * @returns {Wid}
 * @throws {Error} `wid error: invalid wid`, as WhatsApp Web does
 */
export function createWid(like) {
  if (like instanceof Wid) return like;
  const text = typeof like === 'object' ? like?._serialized : like;
  if (typeof text !== 'string' || !/^[\w.:-]+@[\w.]+$/.test(text)) throw new Error('wid error: invalid wid');
  return new Wid(text.replace('@s.whatsapp.net', '@c.us'));
}
