/** Who is who: WhatsApp addresses people by LID or by number, and the library's map, which is stored, knows which belong together. */

/** @typedef {import('../contract.js').Party} Party */

export class Parties {
  /** @param {any} library @param {any} sock */
  constructor(library, sock) {
    this.library = library;
    this.sock = sock;
  }

  get me() {
    return this.sock.authState.creds.me ?? {};
  }

  /** @param {string} jid */
  isMe(jid) {
    const { areJidsSameUser } = this.library;
    return areJidsSameUser(jid, this.me.id) || areJidsSameUser(jid, this.me.lid);
  }

  /** A chat between two, whoever they are. @param {unknown} jid */
  isPerson(jid) {
    return typeof jid === 'string' && /@(s\.whatsapp\.net|lid)$/.test(jid) && !/^0@/.test(jid);
  }

  /** @param {string} jid @param {string | undefined} other the same one's other address, when the message says it @returns {Promise<Party>} */
  async of(jid, other) {
    const { isLidUser } = this.library;
    const map = this.sock.signalRepository.lidMapping;
    if (isLidUser(jid)) {
      const number = other ?? (await map.getPNForLID(jid).catch(() => null));
      return { phone: this.phoneOf(number), lid: this.lidOf(jid) };
    }
    const lid = other ?? (await this.#knownLid(jid));
    return { phone: this.phoneOf(jid), lid: this.lidOf(lid) };
  }

  /** What is known by itself; nobody is asked. @param {string} jid */
  async #knownLid(jid) {
    const user = this.library.jidDecode(jid)?.user;
    const found = await this.sock.authState.keys.get('lid-mapping', [user]).catch(() => ({}));
    return found[user] ? `${found[user]}@lid` : null;
  }

  /** @param {string | null | undefined} jid @returns {string | null} `+E164` */
  phoneOf(jid) {
    const { user, server } = (jid && this.library.jidDecode(jid)) || {};
    return server === 's.whatsapp.net' && /^\d{5,16}$/.test(user) ? `+${user}` : null;
  }

  /** @param {string | null | undefined} jid @returns {string | null} `<digits>@lid` */
  lidOf(jid) {
    const { user, server } = (jid && this.library.jidDecode(jid)) || {};
    return server === 'lid' && /^\d{1,20}$/.test(user) ? `${user}@lid` : null;
  }
}
