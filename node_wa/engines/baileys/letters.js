/** How a message is described: what kind, which words, which file, and what it answers. Everything in it is its sender's word. */

const BODY_CHARS = 65_536;
const QUOTED_CHARS = 500;
const PATH_CHARS = 2_000;
const KEY_BYTES = 64;

/** Parts of a message that are no letter by themselves. */
const NOISE = new Set([
  ...['protocolMessage', 'reactionMessage', 'encReactionMessage', 'pollUpdateMessage', 'keepInChatMessage'],
  ...[
    'pinInChatMessage',
    'senderKeyDistributionMessage',
    'deviceSentMessage',
    'call',
    'bcallMessage',
    'encEventResponseMessage',
  ],
]);

/** WhatsApp Web's own names. @type {Record<string, string>} */
const KINDS = {
  conversation: 'text',
  extendedTextMessage: 'text',
  imageMessage: 'image',
  documentMessage: 'document',
  audioMessage: 'audio',
  videoMessage: 'video',
  ptvMessage: 'video',
  stickerMessage: 'sticker',
  locationMessage: 'location',
  liveLocationMessage: 'location',
  contactMessage: 'vcard',
  contactsArrayMessage: 'multi_vcard',
  pollCreationMessage: 'poll_creation',
  pollCreationMessageV2: 'poll_creation',
  pollCreationMessageV3: 'poll_creation',
};

/** What has a file: how WhatsApp's keys for it are named. @type {Record<string, string>} */
export const FILES = {
  imageMessage: 'image',
  documentMessage: 'document',
  audioMessage: 'audio',
  videoMessage: 'video',
  ptvMessage: 'video',
  stickerMessage: 'sticker',
};

/** @param {unknown} value @param {number} length */
const brief = (value, length) => (typeof value === 'string' && value ? value.slice(0, length) : null);

/**
 * @param {any} library
 * @param {any} message as it was decrypted
 * @returns {{type: string, content: any} | null} its part that matters; null: it is no letter
 */
export function contentOf(library, message) {
  const bare = library.normalizeMessageContent(message);
  const type = library.getContentType(bare);
  if (!type || NOISE.has(type)) return null;
  return { type, content: bare[type] };
}

/** @param {{type: string, content: any}} part */
export function describe({ type, content }) {
  return {
    body: bodyOf(type, content).slice(0, BODY_CHARS),
    kind: kindOf(type, content),
    media: mediaOf(type, content),
  };
}

/** What it takes to fetch its file later, and nothing of what its sender put beside it. @param {{type: string, content: any}} part */
export function fileOf({ type, content }) {
  const { mimetype, filename } = describe({ type, content }).media ?? {};
  const mediaKey = content.mediaKey?.slice(0, KEY_BYTES);
  const directPath = brief(content.directPath, PATH_CHARS);
  const { fileLength, ptt } = content;
  return { [type]: { directPath, mediaKey, fileLength, ptt, mimetype, fileName: filename } };
}

/**
 * @param {any} library
 * @param {{content: any}} part
 * @param {(author: string) => boolean} isMine
 */
export function quotedOf(library, { content }, isMine) {
  const { stanzaId, participant, quotedMessage } = content?.contextInfo ?? {};
  const part = quotedMessage && contentOf(library, quotedMessage);
  if (!part || typeof stanzaId !== 'string' || !stanzaId) return null;
  return {
    wa_message_id: stanzaId.slice(0, 64),
    body: bodyOf(part.type, part.content).slice(0, QUOTED_CHARS),
    kind: kindOf(part.type, part.content),
    from_me: participant ? isMine(participant) : null,
  };
}

/** @param {string} type @param {any} content */
function bodyOf(type, content) {
  const text = type === 'conversation' ? content : (content?.text ?? content?.caption ?? content?.name);
  return typeof text === 'string' ? text : '';
}

/** @param {string} type @param {any} content */
function kindOf(type, content) {
  if (type === 'audioMessage' && content?.ptt) return 'ptt';
  return KINDS[type] ?? type.replace(/Message(V\d+)?$/, '').slice(0, 40);
}

/** @param {string} type @param {any} content */
function mediaOf(type, content) {
  if (!FILES[type]) return null;
  const size = Number(content.fileLength ?? Number.NaN);
  return {
    mimetype: brief(content.mimetype, 120),
    filename: brief(content.fileName, 240),
    size: Number.isSafeInteger(size) ? size : null,
  };
}
