/**
 * Runs in WhatsApp's page after `compat`. Tells Node what happens there through one binding, `wabotTell(text)`.
 * The library's own listeners for acks and messages need many modules that the site may drop; these need two.
 */
export function watching() {
  const page = /** @type {any} */ (window);
  const { wabot } = page;
  if (!wabot) return;
  const NOISE = new Set([
    'gp2',
    'e2e_notification',
    'notification',
    'notification_template',
    'protocol',
    'call_log',
  ]);
  const MAX_RECOVERED = 500;
  const ACKS_BACK_MS = 24 * 3600 * 1000;
  wabot.listening = { acks: false, incoming: false };

  /** @param {string} type @param {object} data */
  const tell = (type, data) => page.wabotTell(JSON.stringify({ type, data }));

  const version = () => (typeof page.Debug?.VERSION === 'string' ? page.Debug.VERSION.slice(0, 40) : null);

  /** One look: what the heartbeat and the wait for `ready` go by. */
  wabot.state = () => {
    const socket = wabot.module('WAWebSocketModel')?.Socket;
    const { acks, incoming } = wabot.listening;
    const loaded = typeof page.WWebJS?.sendMessage === 'function';
    return {
      state: socket?.state ?? null,
      synced: socket?.hasSynced === true,
      loaded,
      listening: acks && incoming,
      version: version(),
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

  /** @param {any} msg */
  const isLetter = (msg) => {
    const chat = wabot.text(msg.id.remote) ?? '';
    return !msg.id.fromMe && /@(c\.us|lid|s\.whatsapp\.net)$/.test(chat) && !NOISE.has(msg.type);
  };

  /** @param {any} msg @param {boolean} recovered */
  const describe = (msg, recovered) => ({
    id: msg.id.id,
    chat: wabot.text(msg.id.remote),
    from: wabot.text(msg.from) ?? wabot.text(msg.id.remote),
    push_name: msg.notifyName || null,
    body: String((msg.type === 'chat' ? msg.body : msg.caption) ?? '').slice(0, 65536),
    kind: msg.type === 'chat' ? 'text' : String(msg.type),
    t: msg.t,
    recovered,
  });

  /** A message may come sealed and be opened later. @param {any} msg */
  const onAdd = (msg) => {
    if (!msg.isNewMsg) return;
    if (msg.type === 'ciphertext')
      msg.once('change:type', () => isLetter(msg) && tell('message', describe(msg, false)));
    else if (isLetter(msg)) tell('message', describe(msg, false));
  };

  /** @param {any} msg */
  const onAck = (msg) => {
    if (msg.id.fromMe) tell('ack', { id: msg.id.id, ack: msg.ack });
  };

  /** Attached once a document; what could not be attached shows in `listening`. */
  wabot.listen = () => {
    const Msg = wabot.module('WAWebCollections')?.Msg;
    if (typeof Msg?.on !== 'function') return;
    if (!wabot.listening.incoming) Msg.on('add', onAdd);
    wabot.listening.incoming = true;
    if (!wabot.listening.acks) Msg.on('change:ack', onAck);
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

  /** What came before the listeners were there. @param {number} since epoch ms */
  wabot.recover = (since) => {
    const models = wabot.module('WAWebCollections')?.Msg?.getModelsArray?.() ?? [];
    const recent = (/** @type {any} */ msg, /** @type {number} */ back) => msg.t * 1000 >= since - back;
    const letters = models.filter((/** @type {any} */ msg) => isLetter(msg) && recent(msg, 0));
    for (const msg of letters.slice(-MAX_RECOVERED)) tell('message', describe(msg, true));
    const own = models.filter(
      (/** @type {any} */ msg) => msg.id.fromMe && msg.ack !== 0 && recent(msg, ACKS_BACK_MS),
    );
    for (const msg of own.slice(-MAX_RECOVERED)) onAck(msg);
  };
}
