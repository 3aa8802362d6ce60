/**
 * Runs in WhatsApp's page after `watching`: which of its messages are told, and how one is described. A letter is a message
 * of a chat between two, whoever wrote it; what we send ourselves is told by its acks alone.
 */
export function letters() {
  const page = /** @type {any} */ (window);
  const { wabot } = page;
  if (!wabot) return;
  const NOISE = new Set([
    'gp2',
    'e2e_notification',
    'notification',
    'notification_template',
    'protocol',
    'call_log',
  ]);
  const MEDIA = new Set(['image', 'document', 'audio', 'ptt', 'video', 'sticker']);
  const BODY_CHARS = 65_536;
  const QUOTED_CHARS = 500;
  const KIND_CHARS = 40;
  const MAX_OURS = 5_000;
  /** @type {Set<string>} ids we chose, lest they be told as written on the phone */
  const ours = new Set();

  /** @param {string} id of a message that we are about to hand over */
  wabot.claim = (id) => {
    if (ours.size >= MAX_OURS) ours.delete(ours.values().next().value ?? '');
    ours.add(id);
  };

  /** @param {any} msg */
  wabot.isLetter = (msg) => {
    const chat = wabot.text(msg.id.remote) ?? '';
    return !ours.has(msg.id.id) && /@(c\.us|lid|s\.whatsapp\.net)$/.test(chat) && !NOISE.has(msg.type);
  };

  /** @param {any} msg the text of a message, or the caption of its file */
  const bodyOf = (msg) => String((msg.type === 'chat' ? msg.body : msg.caption) ?? '');
  /** @param {string} type */
  const kindOf = (type) => (type === 'chat' ? 'text' : String(type).slice(0, KIND_CHARS));
  /** @param {unknown} value @param {number} length */
  const brief = (value, length) => (typeof value === 'string' && value ? value.slice(0, length) : null);

  /** What the page knows by itself; nobody is asked. @param {string} address @returns {string | null} `<digits>@c.us` */
  const numberOf = (address) => {
    if (!address.endsWith('@lid')) return null;
    try {
      const wid = page.require('WAWebWidFactory').createWid(address);
      return wabot.text(wabot.module('WAWebApiContact')?.getPhoneNumber?.(wid));
    } catch {
      return null; // asked for by Node, once a contact
    }
  };

  /** The name in the phone's own address book. @param {string} address */
  const contactName = (address) =>
    brief(wabot.module('WAWebCollections')?.Contact?.get?.(address)?.name, 200);

  /** @param {any} msg */
  const mediaOf = (msg) =>
    MEDIA.has(msg.type) && {
      mimetype: brief(msg.mimetype, 120),
      filename: brief(msg.filename, 240),
      size: Number.isSafeInteger(msg.size) ? msg.size : null,
    };

  /** @param {any} msg */
  const quotedOf = (msg) => {
    if (!msg.quotedMsg || typeof msg.quotedStanzaID !== 'string') return null;
    const { type = 'chat' } = msg.quotedMsg;
    const author = wabot.text(msg.quotedParticipant);
    return {
      wa_message_id: msg.quotedStanzaID.slice(0, 64),
      body: bodyOf({ ...msg.quotedMsg, type }).slice(0, QUOTED_CHARS),
      kind: kindOf(type),
      from_me: author === null ? null : author !== wabot.text(msg.id.remote),
    };
  };

  /** @param {any} msg @param {boolean} recovered */
  const describe = (msg, recovered) => {
    const chat = wabot.text(msg.id.remote);
    return {
      id: msg.id.id,
      chat,
      number: numberOf(chat),
      from_me: msg.id.fromMe === true,
      push_name: msg.id.fromMe ? null : brief(msg.notifyName, 200),
      contact_name: contactName(chat),
      body: bodyOf(msg).slice(0, BODY_CHARS),
      kind: kindOf(msg.type),
      media: mediaOf(msg) || null,
      quoted: quotedOf(msg),
      ack: msg.id.fromMe ? msg.ack : null,
      t: msg.t,
      recovered,
    };
  };

  /** A message may come sealed and be opened later: until then there is nothing to tell. @param {any} msg @param {boolean} recovered */
  wabot.tellLetter = (msg, recovered) => {
    if (msg.type !== 'ciphertext') wabot.tell('message', describe(msg, recovered));
    else msg.once('change:type', () => wabot.isLetter(msg) && wabot.tellLetter(msg, recovered));
  };

  /** @param {any} msg */
  wabot.onAdd = (msg) => {
    if (msg.isNewMsg && wabot.isLetter(msg)) wabot.tellLetter(msg, false);
  };

  /** @param {any} msg */
  wabot.onAck = (msg) => {
    if (msg.id.fromMe) wabot.tell('ack', { id: msg.id.id, ack: msg.ack });
  };
}
