/**
 * Runs in WhatsApp's page after `compat`. Tells Node what happens there through one binding, `wabotTell(text)`.
 * The library's own listeners for acks and messages need many modules that the site may drop; these need two.
 */
export function watching() {
  const page = /** @type {any} */ (window);
  const { wabot } = page;
  if (!wabot) return;
  wabot.listening = { acks: false, incoming: false };

  /** @param {string} type @param {object} data */
  const tell = (type, data) => page.wabotTell(JSON.stringify({ type, data }));
  wabot.tell = tell;

  const version = () => (typeof page.Debug?.VERSION === 'string' ? page.Debug.VERSION.slice(0, 40) : null);

  /** One look: what the heartbeat and the wait for `ready` go by. */
  wabot.state = () => {
    const socket = wabot.module('WAWebSocketModel')?.Socket;
    const { acks, incoming } = wabot.listening;
    const [document] = performance.getEntriesByType('navigation');
    const loaded = typeof page.WWebJS?.sendMessage === 'function';
    return {
      state: socket?.state ?? null,
      synced: socket?.hasSynced === true,
      loaded,
      listening: acks && incoming,
      version: version(),
      status: /** @type {any} */ (document)?.responseStatus ?? 0,
    };
  };

  /** The library would refresh an idle QR from Node, where there is no window. */
  wabot.watch = (/** @type {boolean} */ pairing) => {
    wabot.mend();
    if (wabot.watched) return;
    wabot.watched = true;
    const { Socket } = page.require('WAWebSocketModel');
    const refresh = (/** @type {string} */ state) => {
      if (state === 'UNPAIRED_IDLE' && !pairing) wabot.module('WAWebCmd')?.Cmd.refreshQR();
    };
    Socket.on('change:state', (/** @type {any} */ _socket, /** @type {string} */ state) => {
      tell('state', { state });
      refresh(state);
    });
    refresh(Socket.state);
  };

  /** Attached once a document; what could not be attached shows in `listening`. */
  wabot.listen = () => {
    const Msg = wabot.module('WAWebCollections')?.Msg;
    if (typeof Msg?.on !== 'function') return;
    if (!wabot.listening.incoming) Msg.on('add', wabot.onAdd);
    wabot.listening.incoming = true;
    if (!wabot.listening.acks) Msg.on('change:ack', wabot.onAck);
    wabot.listening.acks = true;
  };

  /** Whose account this is. */
  wabot.me = () => {
    const { user } = page.require('WAWebUserPrefsMeUser').getMaybeMePnUser() ?? {};
    const name = wabot.module('WAWebConnModel')?.Conn?.pushname;
    return {
      phone: user ? `+${user}` : null,
      push_name: name || null,
      web_version: version(),
    };
  };
}
