/**
 * Runs in WhatsApp's page after `compat`: several messages a call, since a round trip costs as much as a send. Answers are plain
 * objects: `{id, ack}` or `{error, detail}`, where the error says whether the message can have gone out.
 */
export function sending() {
  /** @typedef {{to: string, body: string, id: string, deadline: number}} Outgoing `deadline`: epoch ms of the latest hand-over */
  const page = /** @type {any} */ (window);
  const { wabot } = page;
  if (!wabot) return;
  const MAX_CONTACTS = 5000;
  const SLICE_MS = 250;
  const OFFLINE = 'WhatsApp is not reachable just now';
  /** @type {Map<string, string>} phone → address WhatsApp gave for it */
  const contacts = new Map();

  const isOnline = () => wabot.module('WAWebSocketModel')?.Socket?.state === 'CONNECTED';
  /** @param {string} phone */
  wabot.wid = (phone) => page.require('WAWebWidFactory').createWid(`${phone.replace(/\D/g, '')}@c.us`);

  /** @param {string} phone @param {string} address */
  const remember = (phone, address) => {
    if (contacts.size >= MAX_CONTACTS) contacts.delete(contacts.keys().next().value ?? '');
    contacts.set(phone, address);
    return address;
  };

  /**
   * A number never looked up has no LID and can't be sent to (wwebjs #3919). WhatsApp is asked once a contact: what its own
   * store knows the LID of was looked up before.
   * @param {string} phone @returns {Promise<string | null>} null: not on WhatsApp
   */
  wabot.lookUp = async (phone) => {
    const known = contacts.get(phone);
    if (known) return known;
    const wid = wabot.wid(phone);
    if (wabot.module('WAWebApiContact')?.getCurrentLid?.(wid)) return remember(phone, wabot.text(wid));
    const found = await page.require('WAWebQueryExistsJob').queryWidExists(wid);
    return found?.wid ? remember(phone, wabot.text(found.wid)) : null;
  };

  /** @param {string} phone what WhatsApp said of it last, if it was asked before */
  wabot.exists = async (phone) => {
    try {
      if (!isOnline()) return refuse('session_not_connected', OFFLINE);
      return { exists: Boolean(await wabot.lookUp(phone)) };
    } catch (error) {
      return refuse(isOnline() ? 'engine_error' : 'session_not_connected', error);
    }
  };

  /** @param {any} chat @param {string} id @returns {any} the message by the random part of its id, whatever its address */
  wabot.inChat = (chat, id) => {
    const models = chat?.msgs?.getModelsArray?.() ?? [];
    return models.findLast((/** @type {any} */ msg) => msg.id.fromMe && msg.id.id === id);
  };

  /** @param {string} error @param {unknown} [detail] */
  const refuse = (error, detail = '') => ({
    error,
    detail: String(/** @type {any} */ (detail)?.message ?? detail).slice(0, 200),
  });

  /**
   * `sendMessage` takes the id before its first pause, so `nextId` can't reach another message.
   * @param {any} chat @param {{body: string, id: string}} message
   */
  const handOver = (chat, { body, id }) => {
    wabot.mend();
    wabot.claim(id);
    wabot.nextId = id;
    try {
      return page.WWebJS.sendMessage(chat, body, {
        linkPreview: undefined,
        parseVCards: false,
        mentionedJidList: [],
      });
    } finally {
      wabot.nextId = null;
    }
  };

  /** @param {any} chat @param {{to: string, body: string, id: string}} message */
  const send = async (chat, message) => {
    try {
      const msg = (await handOver(chat, message)) ?? wabot.inChat(chat, message.id);
      wabot.choosesIds = msg?.id.id === message.id;
      return msg
        ? { id: msg.id.id, ack: msg.ack }
        : refuse('outcome_unknown', 'WhatsApp Web returned nothing');
    } catch (error) {
      contacts.delete(message.to);
      const unsent = /No LID for user/i.test(String(error));
      return refuse(unsent ? 'engine_error' : 'outcome_unknown', error);
    }
  };

  /** @param {Outgoing} message */
  const lookUpAndSend = async (message) => {
    let chat;
    try {
      if (!isOnline()) return refuse('session_not_connected', OFFLINE);
      const address = await wabot.lookUp(message.to);
      if (!address) return refuse('not_on_whatsapp');
      chat = await page.WWebJS.getChat(address, { getAsModel: false });
    } catch (error) {
      return refuse(isOnline() ? 'engine_error' : 'session_not_connected', error);
    }
    if (!chat) return refuse('engine_error', 'WhatsApp Web gives no chat for this number');
    if (Date.now() > message.deadline) return refuse('session_not_connected', 'not handed over in time');
    const earlier = wabot.inChat(chat, message.id); // asked again: it is in WhatsApp's hands already
    return earlier ? { id: earlier.id.id, ack: earlier.ack } : send(chat, message);
  };

  /**
   * One after the other, at least the first, until one fails or the call has lasted long enough: Node looks then whether it may go
   * on. One alone where the site makes its own ids: of a call that breaks off nobody knows how far it got, and there each has to be
   * found by its text.
   * @param {Outgoing[]} messages
   * @returns {Promise<any[]>} the answers of those that were tried
   */
  wabot.send = async (messages) => {
    const end = Date.now() + SLICE_MS;
    const answers = [];
    for (const message of messages) {
      const answer = await lookUpAndSend(message);
      answers.push(answer);
      if ('error' in answer || !wabot.choosesIds || Date.now() > end) break;
    }
    return answers;
  };
}
