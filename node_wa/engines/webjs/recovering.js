/**
 * Runs in WhatsApp's page after `letters`: tells what came while nobody listened. The page holds what was delivered since it
 * was loaded; what an earlier life of it had taken is loaded from its chats. Bounded in time, in chats and in messages.
 */
export function recovering() {
  const page = /** @type {any} */ (window);
  const { wabot } = page;
  if (!wabot) return;
  const MAX_CHATS = 200;
  const MAX_PAGES = 100;
  const MAX_LETTERS = 20_000;
  const MAX_ACKS = 500;
  const ACKS_BACK_S = 24 * 3600;

  /** @param {any} chat @param {number} since epoch s */
  const loadBackTo = async (chat, since) => {
    const load = wabot.module('WAWebChatLoadMessages')?.loadEarlierMsgs;
    for (let n = 0; load && n < MAX_PAGES; n += 1) {
      const oldest = chat.msgs.getModelsArray()[0];
      if (oldest && oldest.t < since) return;
      if (!(await load({ chat }))?.length) return;
    }
  };

  /** @param {number} since epoch s @returns {any[]} chats in which something happened since, the latest first */
  const liveChats = (since) => {
    const chats = wabot.module('WAWebCollections')?.Chat?.getModelsArray?.() ?? [];
    const live = chats.filter((/** @type {any} */ chat) => chat.t >= since);
    return live.sort((/** @type {any} */ a, /** @type {any} */ b) => b.t - a.t).slice(0, MAX_CHATS);
  };

  const inMemory = () => wabot.module('WAWebCollections')?.Msg?.getModelsArray?.() ?? [];

  /**
   * @param {number} sinceMs epoch ms
   * @returns {Promise<{told: number, cut: boolean}>} `cut`: there was more than is looked back for
   */
  wabot.recover = async (sinceMs) => {
    const since = Math.floor(sinceMs / 1000);
    const chats = liveChats(since);
    for (const chat of chats) await loadBackTo(chat, since);
    // A chat holds its messages in their order; times are whole seconds, and sorting by them keeps it.
    const known = new Set([...chats.flatMap((chat) => chat.msgs.getModelsArray()), ...inMemory()]);
    const all = [...known].filter((msg) => msg.t >= since - ACKS_BACK_S).sort((a, b) => a.t - b.t);
    const found = all.filter((msg) => msg.t >= since && wabot.isLetter(msg));
    for (const msg of found.slice(-MAX_LETTERS)) wabot.tellLetter(msg, true);
    const own = all.filter((msg) => msg.id.fromMe && msg.ack !== 0);
    for (const msg of own.slice(-MAX_ACKS)) wabot.onAck(msg);
    return { told: found.length, cut: found.length > MAX_LETTERS || chats.length === MAX_CHATS };
  };
  /** @type {Promise<unknown> | null} */
  let recovery = null;
  /** @type {unknown} */
  let result = null;
  let failure = '';

  /** @param {number} sinceMs epoch ms */
  wabot.beginRecovery = (sinceMs) => {
    [result, failure] = [null, ''];
    recovery = wabot.recover(sinceMs).then(
      (/** @type {unknown} */ found) => {
        result = found;
      },
      (/** @type {unknown} */ error) => {
        failure = String(error) || 'it failed';
      },
    );
  };

  /** @returns {{begun: boolean, result: unknown}} `begun` in this document */
  wabot.recovery = () => {
    if (failure) throw new Error(failure);
    return { begun: recovery !== null, result };
  };
}
