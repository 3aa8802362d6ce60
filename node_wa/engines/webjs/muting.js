/**
 * Runs in WhatsApp's page after `compat`. The library gives the page a function for each of its events, and every call of one goes
 * to Node and back: five round trips for a message that is sent. What of these nobody here listens for gets a function that does
 * nothing, since the library leaves alone what is there already (its `exposeFunctionIfAbsent`).
 */
export function muting() {
  const page = /** @type {any} */ (window);
  if (!page.wabot) return;
  const UNHEARD = [
    'onAddMessageEvent',
    'onAddMessageCiphertextEvent',
    'onArchiveChatEvent',
    'onBatteryStateChangedEvent',
    'onChangeMessageEvent',
    'onChangeMessageTypeEvent',
    'onChatUnreadCountEvent',
    'onCiphertextFailedEvent',
    'onEditMessageEvent',
    'onIncomingCall',
    'onMessageAckEvent',
    'onMessageMediaUploadedEvent',
    'onPollVoteEvent',
    'onReaction',
    'onRemoveChatEvent',
    'onRemoveMessageEvent',
  ];
  for (const name of UNHEARD) page[name] = () => undefined;
}
