/** What a message says, between the protobuf of this protocol and the world's own record. */
import { lidJid } from './addresses.js';
import { fileLetter } from './attachments.js';

/** Kinds that carry a file; a linked device's own files are not fetched, only their captions kept. */
const FILES = /** @type {const} */ ([
  ['imageMessage', 'image'],
  ['videoMessage', 'video'],
  ['audioMessage', 'audio'],
  ['documentMessage', 'document'],
  ['stickerMessage', 'sticker'],
]);

/**
 * @typedef {import('baileys').proto.IMessage} Letter
 * @typedef {{body: string, kind?: string, quotedId?: string}} Told
 */

/**
 * @param {import('./library.js').Library} library
 * @param {Letter} letter as it was decrypted
 * @returns {Told | null} null for what nobody sees: reactions, settings, keys
 */
export function toldIn({ normalizeMessageContent }, letter) {
  const content = normalizeMessageContent(letter.deviceSentMessage?.message ?? letter);
  if (!content) return null;
  const { conversation, extendedTextMessage: extended } = content;
  if (extended?.text) return { body: extended.text, quotedId: extended.contextInfo?.stanzaId ?? undefined };
  if (conversation) return { body: conversation };
  const file = FILES.find(([field]) => content[field]);
  if (!file) return null;
  return { body: /** @type {any} */ (content[file[0]]).caption ?? '', kind: file[1] };
}

/**
 * @param {{world: import('../world.js').World, secret: Buffer}} rooms
 * @param {import('../state.js').Message} message
 * @param {string} owner the number whose device gets it
 * @returns {Letter}
 */
export function letterOf({ world, secret }, message, owner) {
  const { media, kind, body } = message;
  const letter = media ? fileLetter(secret, media, { kind, caption: body }) : textLetter(world, message);
  if (message.from !== owner) return letter;
  return { deviceSentMessage: { destinationJid: lidJid(message.to), message: letter } };
}

/**
 * @param {import('../world.js').World} world
 * @param {import('../state.js').Message} message
 * @returns {Letter}
 */
function textLetter(world, { body, quoted }) {
  if (!quoted) return { conversation: body };
  const original = world.state.message(quoted.from, quoted.id); // forgotten by now, perhaps
  const quotedMessage = { conversation: original?.body ?? '' };
  const contextInfo = { stanzaId: quoted.id, participant: lidJid(quoted.from), quotedMessage };
  return { extendedTextMessage: { text: body, contextInfo } };
}
