/**
 * What `window.require(name)` gives, by module name as on WhatsApp Web. Only what whatsapp-web.js touches on its way to
 * linking, text messages, contacts and logging out.
 */
import { download } from './media.js';
import { Collection, Events, Model } from './models.js';
import { encodeB64 } from './session.js';
import { createWid } from './wid.js';

/** DEVICE_PLATFORM of a desktop browser. */
const PLATFORM = '1';

/**
 * @typedef {object} Rooms
 * @property {import('../profiles.js').Traits} traits
 * @property {import('./session.js').Session} session
 * @property {import('./chats.js').Chats} chats
 * @property {import('./addresses.js').Addresses} addresses
 * @property {import('./link.js').Link} link
 * @property {{pn?: import('./wid.js').Wid, lid?: import('./wid.js').Wid}} me
 * @property {any} MsgKey
 */

/** @param {Rooms} rooms @returns {Record<string, any>} */
function loginModules({ session, link, me }) {
  const { keys } = session;
  const refreshQR = () => session.Cmd.refreshQR();
  return {
    WAWebSocketModel: { Socket: session.Socket },
    WAWebCmd: { Cmd: session.Cmd },
    WAWebConnModel: { Conn: session.Conn },
    WAWebOfflineHandler: { OfflineMessageHandler: { getOfflineDeliveryProgress: () => session.progress } },
    WABase64: { encodeB64 },
    WAWebCompanionRegClientUtils: { DEVICE_PLATFORM: PLATFORM },
    WAWebAdvSignatureApi: {},
    WAWebUserPrefsInfoStore: {
      waNoiseInfo: { get: async () => ({ staticKeyPair: { pubKey: keys.noise } }) },
    },
    WAWebSignalStoreApi: {
      waSignalStore: { getRegistrationInfo: async () => ({ identityKeyPair: { pubKey: keys.identity } }) },
    },
    WAWebUserPrefsMultiDevice: { getADVSecretKey: () => keys.adv },
    WAWebAltDeviceLinkingApi: {
      setPairingType: () => {},
      initializeAltDeviceLinking: async () => {},
      initializeQRLinking: async () => {},
      startAltLinkingFlow: (/** @type {string} */ number) => link.ask({ t: 'code', number }),
    },
    WAWebLaunchSocketUtils: { refreshQR },
    WAWebMiscBrowserUtils: { info: () => ({ os: 'Linux', name: 'Chrome' }) },
    WAWebUserPrefsMeUser: {
      getMaybeMePnUser: () => me.pn,
      getMaybeMeLidUser: () => me.lid,
      getMeUser: () => me.pn,
    },
    WAWebStreamModel: {
      Stream: Object.assign(new Model({ mode: 'MAIN', info: 'NORMAL' }), {
        markAvailable: () => {},
        markUnavailable: () => {},
      }),
    },
    WAWebSyncGatingUtils: {},
  };
}

/** @param {Rooms} rooms @returns {Record<string, any>} */
function messageModules({ chats, MsgKey }) {
  return {
    WAWebMsgKey: MsgKey,
    WAWebFindChatAction: { findOrCreateLatestChat: (/** @type {any} */ wid) => chats.findOrCreate(wid) },
    WAWebUpdateUnreadChatAction: { sendSeen: async (/** @type {any} */ { chat }) => chats.seen(chat) },
    WAWebChatGetters: {
      getIsNewsletter: (/** @type {any} */ chat) => chat.id.isNewsletter(),
      getIsBroadcast: (/** @type {any} */ chat) => chat.id.isBroadcast(),
      getIsGroup: (/** @type {any} */ chat) => chat.id.isGroup(),
      getIsUser: (/** @type {any} */ chat) => chat.id.isUser(),
    },
    WALinkify: { findLinks, findLink: (/** @type {string} */ text) => findLinks(text)[0] },
    WAWebLinkPreviewChatAction: { getLinkPreview: async () => null },
    WAWebGetEphemeralFieldsMsgActionsUtils: { getEphemeralFields: () => ({}) },
    WAWebSendMsgChatAction: {
      addAndSendMsgToChat: (/** @type {any} */ chat, /** @type {any} */ message) =>
        chats.addAndSend(chat, message),
    },
    WAWebMsgReply: { canReplyMsg: () => true },
    WAWebDownloadManager: { downloadManager: { downloadAndMaybeDecrypt: download } },
    WAWebQuotedMsgModelUtils: { getQuotedMsgObj: (/** @type {any} */ msg) => quotedOf(chats, msg) },
    WAWebChatLoadMessages: {
      loadEarlierMsgs: (/** @type {any} */ options) => chats.loadEarlierMsgs(options),
    },
    WAWebCallCollection: Object.assign(new Events(), { pendingCalls: new Map() }),
    WAWebNonMessageDataRequestPlaceholderMessageResendUtils: { handlePlaceholderMsgsSeen: () => {} },
  };
}

/** @param {Rooms} rooms @returns {Record<string, any>} */
function contactModules({ chats, addresses, me }) {
  const Contact = contactCollection(chats, addresses);
  const empty = { get: () => undefined, getModelsArray: () => [], find: async () => undefined };
  return {
    WAWebCollections: {
      Msg: chats.Msg,
      Chat: chats.Chat,
      Contact,
      Blocklist: empty,
      Label: empty,
      BusinessProfile: empty,
    },
    WAWebWidFactory: { createWid, createWidFromWidLike: createWid, asUserWidOrThrow: createWid },
    WAWebQueryExistsJob: { queryWidExists: (/** @type {any} */ wid) => addresses.queryWidExists(wid) },
    WAWebApiContact: {
      getCurrentLid: (/** @type {any} */ wid) => addresses.getCurrentLid(wid),
      getPhoneNumber: (/** @type {any} */ wid) => addresses.getPhoneNumber(wid),
      getAlternateUserWid: (/** @type {any} */ wid) => addresses.getAlternateUserWid(wid),
    },
    WAWebLidMigrationUtils: {
      toPn: (/** @type {any} */ wid) => addresses.getPhoneNumber(createWid(wid)),
      toLid: (/** @type {any} */ wid) => addresses.getCurrentLid(createWid(wid)),
    },
    WAWebContactGetters: contactGetters(me),
    WAWebFrontendContactGetters: { getIsMyContact: () => false },
  };
}

/**
 * @param {import('./chats.js').Chats} chats
 * @param {import('./addresses.js').Addresses} addresses
 */
function contactCollection(chats, addresses) {
  const all = /** @type {Collection<any> & Record<string, any>} */ (new Collection(2_000));
  all.find = async (/** @type {any} */ like) => {
    const id = createWid(like);
    const names =
      chats.Chat.get(id)
        ?.msgs.getModelsArray()
        .filter((msg) => !msg.id.fromMe) ?? [];
    const pushname = /** @type {any} */ (names.at(-1))?.notifyName;
    const known = all.get(id);
    known?.set({ pushname });
    if (known) return known;
    const contact = new Model({
      id,
      pushname,
      phoneNumber: addresses.getPhoneNumber(id),
      isContactBlocked: false,
    });
    all.add(/** @type {any} */ (contact));
    return contact;
  };
  return all;
}

/** @param {Rooms['me']} me */
function contactGetters(me) {
  const nothing = () => undefined;
  return {
    getIsMe: (/** @type {any} */ { id }) => id.equals(me.pn) || id.equals(me.lid),
    getIsUser: (/** @type {any} */ { id }) => id.isUser(),
    getIsGroup: (/** @type {any} */ { id }) => id.isGroup(),
    getIsWAContact: () => true,
    getUserid: (/** @type {any} */ { id }) => id.user,
    getPushname: (/** @type {any} */ { pushname }) => pushname,
    getVerifiedName: nothing,
    getVerifiedLevel: nothing,
    getStatusMute: () => false,
    getName: nothing,
    getShortName: nothing,
    getIsEnterprise: () => false,
  };
}

/**
 * The quoted message as the page holds it, else as it stands in the message that quotes it.
 *
 * @param {import('./chats.js').Chats} chats
 * @param {any} msg
 */
function quotedOf(chats, msg) {
  const held = chats.Chat.get(msg.id.remote)?.msgs.getModelsArray();
  const found = held?.find(({ id }) => id.id === msg.quotedStanzaID);
  return found ?? Object.assign(new Model({ id: msg.quotedStanzaID }), msg.quotedMsg);
}

/** @param {string | undefined} text */
function findLinks(text) {
  return [...(text ?? '').matchAll(/\bhttps?:\/\/\S+/g)].map(([href]) => ({
    href,
    suspiciousCharacters: new Set(),
  }));
}

/** @param {Rooms} rooms @returns {(name: string) => any} */
export function requireOf(rooms) {
  const modules = { ...loginModules(rooms), ...messageModules(rooms), ...contactModules(rooms) };
  for (const name of rooms.traits.missingModules) delete modules[name];
  return (name) => {
    if (Object.hasOwn(modules, name)) return modules[name];
    throw new Error(`Requiring unknown module "${name}".`);
  };
}
