/**
 * Runs in WhatsApp's page after `letters`: what is asked for about messages that came in. Where a file is, and that a chat
 * was read.
 */
export function reading() {
  const page = /** @type {any} */ (window);
  const { wabot } = page;
  if (!wabot) return;

  /** @param {{phone: string | null, lid: string | null}} chat @returns {string[]} */
  const addressesOf = ({ phone, lid }) => {
    const number = phone && `${phone.replace(/\D/g, '')}@c.us`;
    return [lid, number].flatMap((address) => address || []);
  };

  /** @param {string[]} keys */
  const byKey = async (keys) => {
    const { Msg } = page.require('WAWebCollections');
    const held = keys.map((key) => Msg.get(key)).find(Boolean);
    if (held || typeof Msg.getMessagesById !== 'function') return held;
    for (const key of keys) {
      const found = (await Msg.getMessagesById([key]).catch(() => null))?.messages?.find(Boolean);
      if (found) return found;
    }
    return undefined;
  };

  /**
   * @param {{chat: {phone: string | null, lid: string | null}, id: string, from_me: boolean}} wanted
   * @returns {Promise<{key: string, size: number | null, mimetype: string | null, filename: string | null} | null>}
   */
  wabot.mediaOf = async ({ chat, id, from_me }) => {
    wabot.mend();
    const stems = addressesOf(chat).map((address) => `${from_me}_${address}_${id}`);
    const msg = await byKey([...stems, ...stems.map((stem) => `${stem}_out`)]);
    if (!msg?.directPath) return null;
    return {
      key: String(msg.id),
      size: Number.isSafeInteger(msg.size) ? msg.size : null,
      mimetype: msg.mimetype ?? null,
      filename: msg.filename ?? null,
    };
  };

  /** The site's own call has been broken since January 2026 (wwebjs #5718). @param {{phone: string | null, lid: string | null}} chat */
  wabot.seen = async (chat) => {
    wabot.mend();
    const { Chat } = page.require('WAWebCollections');
    const { createWid } = page.require('WAWebWidFactory');
    const address = addressesOf(chat).find((one) => Chat.get(createWid(one)));
    return address ? page.WWebJS.sendSeen(address) : false;
  };
}
