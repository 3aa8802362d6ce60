/**
 * Runs in WhatsApp's page after `sending`: was a message handed over or not? Looked for under both of the contact's
 * addresses (wwebjs #201839), then among the chat's recent messages.
 */
export function finding() {
  const page = /** @type {any} */ (window);
  const { wabot } = page;
  if (!wabot) return;
  const MAX_PAGES = 5;
  const MAX_ALIKE = 200;

  /** @param {string} to @returns {string[]} */
  const addressesOf = (to) => {
    const wid = wabot.wid(to);
    const lid = wabot.module('WAWebApiContact')?.getCurrentLid?.(wid);
    return [wid, lid].filter(Boolean).map(wabot.text);
  };

  /** @param {string[]} keys */
  const byKey = async (keys) => {
    const { Msg } = page.require('WAWebCollections');
    const inMemory = keys.map((key) => Msg.get(key)).find(Boolean);
    if (inMemory || typeof Msg.getMessagesById !== 'function') return inMemory;
    return (await Msg.getMessagesById(keys).catch(() => null))?.messages?.find(Boolean);
  };

  /** @param {any} chat @param {number} since epoch s */
  const loadBackTo = async (chat, since) => {
    const load = wabot.module('WAWebChatLoadMessages')?.loadEarlierMsgs;
    for (let n = 0; load && n < MAX_PAGES; n += 1) {
      const oldest = chat.msgs.getModelsArray()[0];
      if (oldest && oldest.t < since) return;
      const loaded = await load({ chat });
      if (!loaded?.length) return;
    }
  };

  /**
   * Only where it isn't sure that ids can be chosen: whose message it is of those with the same text only web can say.
   * @param {any} chat @param {string} body @param {number} since epoch s
   * @returns {any[]} oldest first
   */
  const byBody = (chat, body, since) => {
    if (wabot.choosesIds) return [];
    const models = chat.msgs.getModelsArray();
    const isAlike = (/** @type {any} */ msg) => msg.id.fromMe && msg.body === body && msg.t >= since;
    return models.filter(isAlike).slice(0, MAX_ALIKE);
  };

  const shown = (/** @type {any} */ msg) => ({ id: msg.id.id, ack: msg.ack });

  /** @param {{to: string, id: string, body: string, since: number}} wanted `since` in epoch s */
  wabot.find = async ({ to, id, body, since }) => {
    wabot.mend();
    const addresses = addressesOf(to);
    const keys = addresses.map((address) => `true_${address}_${id}`);
    let msg = await byKey([...keys, ...keys.map((key) => `${key}_out`)]);
    const alike = [];
    const { Chat } = page.require('WAWebCollections');
    const { createWid } = page.require('WAWebWidFactory');
    for (const chat of msg ? [] : addresses.map((address) => Chat.get(createWid(address))).filter(Boolean)) {
      await loadBackTo(chat, since);
      msg ??= wabot.inChat(chat, id);
      alike.push(...byBody(chat, body, since).map(shown));
    }
    return msg ? { found: true, ...shown(msg) } : { found: false, alike };
  };
}
