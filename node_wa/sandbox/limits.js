/**
 * Every bound of the sandbox, in one place.
 */
export const LIMITS = Object.freeze({
  /** characters of one text message, as on WhatsApp */
  textLength: 65_536,
  nameLength: 100,
  phones: 10_000,
  devicesPerPhone: 8,
  inboxPerPhone: 20_000,
  chatsPerPhone: 2_000,
  messagesPerChat: 2_000,
  /** of a chat, on the screen of a phone */
  shownPerChat: 100,
  /** messages remembered in all; a double is recognised for as long as its first is remembered */
  messages: 100_000,
  /** what waits for a device that is offline */
  queuePerDevice: 20_000,
  shownChats: 50,
  /** bodies handed to a page at login, in characters */
  historyChars: 1_000_000,
  historyPerChat: 50,
  controlBodyBytes: 12 * 1024 * 1024,
  /** one file that a phone sends; in base64 it has to fit into a control body */
  mediaBytes: 8 * 1024 * 1024,
  mediaHeldBytes: 256 * 1024 * 1024,
  filenameLength: 240,
  frameBytes: 1024 * 1024,
  sockets: 500,
  /** bytes a page may leave unread before its socket is cut */
  backlogBytes: 16 * 1024 * 1024,
  picturePixels: 16_000_000,
});
