/**
 * The life of the page: QR code or stored login, pairing, syncing, being thrown out.
 *
 * ```
 * UNLAUNCHED → OPENING → UNPAIRED ⇄ UNPAIRED_IDLE → PAIRING → CONNECTED
 *                 └── stored login ───────────────────────────────┘
 * CONNECTED → OPENING (socket lost) → CONNECTED, or TIMEOUT after a while and on trying
 * CONNECTED → CONFLICT (open elsewhere), until takeover()
 * ```
 */
import { Events, Model } from './models.js';
import { createWid } from './wid.js';

const TIMEOUT_AFTER_MS = 5_000;
const LEAVE_AFTER_MS = 200;
const GOODBYE_MS = 2_000;
const LOGGED_OUT = '/?post_logout=1&logout_reason=0';

/** @param {Uint8Array} bytes */
export const encodeB64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

const randomKey = () => crypto.getRandomValues(new Uint8Array(32));

export class Session {
  Socket = /** @type {any} */ (new Model({ state: 'UNLAUNCHED', hasSynced: false }));
  Conn = /** @type {any} */ (new Model({ ref: undefined, pushname: undefined, platform: 'android' }));
  Cmd = /** @type {any} */ (new Events());
  progress = 0;
  keys = { noise: randomKey(), identity: randomKey(), adv: encodeB64(randomKey()) };
  /** @type {import('./storage.js').Login | undefined} */
  #login;
  #timeoutTimer = 0;
  #leaving = false;

  /**
   * @param {{traits: import('../profiles.js').Traits, link: import('./link.js').Link,
   *   storage: import('./storage.js').Storage, chats: import('./chats.js').Chats, me: any}} rooms
   */
  constructor(rooms) {
    this.rooms = rooms;
    const { link } = rooms;
    link.on('open', () => this.#opened());
    link.on('close', () => this.#closed());
    link.on('frame:ref', ({ ref }) => this.#showRef(ref ?? undefined));
    link.on('frame:pair', (frame) => this.#pair(frame));
    link.on('frame:welcome', (frame) => this.#welcome(frame));
    link.on('frame:revoked', () => this.#leave(0));
    link.on('frame:replaced', () => this.#conflict());
    link.on('frame:hang', () => this.#hang());
    this.Cmd.refreshQR = () => link.tell({ t: 'refs' });
    Object.assign(this.Socket, {
      logout: () => this.logout(),
      takeover: () => link.connect(),
      reconnect: () => this.Socket.state === 'CONFLICT' || link.connect(),
    });
  }

  async start() {
    this.#login = await this.rooms.storage.login();
    this.#opening();
    this.rooms.link.connect();
  }

  #opened() {
    const { id, secret } = this.#login ?? {};
    this.rooms.link.tell({
      t: 'hello',
      noise: encodeB64(this.keys.noise),
      identity: encodeB64(this.keys.identity),
      device: this.#login && { id, secret },
      addressing: this.rooms.traits.addressing,
    });
  }

  #closed() {
    if (!this.#leaving && this.Socket.state !== 'CONFLICT') this.#opening();
  }

  /** From the first loss of the connection, however many tries fail. */
  #opening() {
    if (this.#timeoutTimer) return;
    this.Socket.set({ state: 'OPENING' });
    this.#timeoutTimer = window.setTimeout(() => this.Socket.set({ state: 'TIMEOUT' }), TIMEOUT_AFTER_MS);
  }

  #connected() {
    clearTimeout(this.#timeoutTimer);
    this.#timeoutTimer = 0;
  }

  /** @param {string | undefined} ref none: idle until refreshQR */
  #showRef(ref) {
    this.#connected();
    this.Conn.set({ ref });
    this.Socket.set({ state: ref ? 'UNPAIRED' : 'UNPAIRED_IDLE' });
  }

  /** @param {{device: {id: string, secret: string}, number: string, proof: string | null}} frame */
  async #pair({ device, number, proof }) {
    const { link, storage } = this.rooms;
    if (
      proof !== null &&
      proof !== (await this.#proofOf(`${device.id}${number}${encodeB64(this.keys.identity)}`))
    ) {
      link.tell({ t: 'refused' });
      return;
    }
    this.Socket.set({ state: 'PAIRING' });
    this.#login = { ...device, number };
    await storage.keepLogin(this.#login);
    link.tell({ t: 'paired' });
  }

  /** Only a phone that read the code of this very page knows the key. @param {string} text */
  async #proofOf(text) {
    const bytes = new TextEncoder();
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', bytes.encode(this.keys.adv), algorithm, false, ['sign']);
    return encodeB64(new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes.encode(text))));
  }

  /** @param {{account: {number: string, lid: string, name: string}, chats: any[], sync_ms: number}} frame */
  async #welcome({ account, chats, sync_ms }) {
    this.#connected();
    const { me, traits } = this.rooms;
    me.pn = createWid(`${account.number}@c.us`);
    me.lid = traits.addressing === 'lid' ? createWid(`${account.lid}@lid`) : undefined;
    this.Conn.set({ pushname: account.name, wid: me.pn });
    await this.rooms.chats.load(chats);
    if (!this.rooms.link.isOpen) return;
    const synced = this.Socket.hasSynced;
    if (traits.syncSignal === 'early') this.Socket.set({ hasSynced: true });
    this.Socket.set({ state: 'CONNECTED' });
    this.rooms.chats.outbox.resend();
    if (!synced && traits.syncSignal !== 'early') this.#sync(sync_ms);
  }

  /** @param {number} ms */
  #sync(ms) {
    this.#progressTo(10);
    window.setTimeout(() => this.#progressTo(99), ms * 0.9);
    if (this.rooms.traits.syncSignal === 'never') return;
    window.setTimeout(() => {
      this.#progressTo(100);
      this.Socket.set({ hasSynced: true });
    }, ms);
  }

  /** @param {number} percent */
  #progressTo(percent) {
    this.progress = percent;
    this.Cmd.trigger('offline_progress_update_from_bridge');
  }

  #conflict() {
    this.Socket.set({ state: 'CONFLICT' });
    this.rooms.link.disconnect();
  }

  /** Tells the server, waits a moment for its word, and leaves whether it came or not. */
  async logout() {
    const { link } = this.rooms;
    const goodbye = new Promise((resolve) => link.once('frame:bye', resolve));
    if (link.tell({ t: 'logout' }))
      await Promise.race([goodbye, new Promise((r) => setTimeout(r, GOODBYE_MS))]);
    await this.#leave(LEAVE_AFTER_MS);
  }

  /** @param {number} ms until the page is left: who called must have its answer first */
  async #leave(ms) {
    if (this.#leaving) return;
    this.#leaving = true;
    this.rooms.link.disconnect();
    await this.rooms.storage.clear();
    this.Cmd.trigger('logout');
    window.setTimeout(() => location.assign(LOGGED_OUT), ms);
  }

  /** Stops answering without burning a core: a request that the server holds open, waited for in place. */
  #hang() {
    const request = new XMLHttpRequest();
    request.open('GET', '/hang', false);
    request.send();
  }
}
