/** What a phone tells a device it has just linked: its owner's name. Chats of before are not handed over. */
import { deflateSync } from 'node:zlib';
import { newMessageId } from '../world.js';
import { lidJid, numberJid } from './addresses.js';
import { PhoneCipher } from './cipher.js';
import { seconds, stanza } from './stanzas.js';

/**
 * @param {import('./server.js').ProtocolRooms} rooms
 * @param {import('../state.js').Device} device
 * @returns {Promise<import('./stanzas.js').Stanza>}
 */
export async function historyStanza(rooms, { id, number }) {
  const { proto } = rooms.library;
  const { PUSH_NAME } = proto.HistorySync.HistorySyncType;
  const pushname = rooms.world.nameOf(number);
  const names = { syncType: PUSH_NAME, pushnames: [{ id: numberJid(number), pushname }] };
  const initialHistBootstrapInlinePayload = deflateSync(proto.HistorySync.encode(names).finish());
  const { kind, bytes } = await new PhoneCipher(rooms, number, id).encrypt({
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: { syncType: PUSH_NAME, initialHistBootstrapInlinePayload },
    },
  });
  const from = lidJid(number);
  const attrs = { id: newMessageId(), from, type: 'text', category: 'peer', notify: pushname, t: seconds() };
  return stanza('message', attrs, [stanza('enc', { v: 2, type: kind }, bytes)]);
}
