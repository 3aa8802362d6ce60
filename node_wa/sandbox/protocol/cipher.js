/**
 * One virtual phone's end of the Signal session with one linked device: real encryption, by the library's own `libsignal`.
 */

/** Sessions that a phone keeps for messages still on their way when a new one began. */
const CLOSED_SESSIONS = 5;

/**
 * @typedef {import('./phone_keys.js').Bundle} Bundle
 * @typedef {'pkmsg' | 'msg'} Kind of ciphertext: with what begins a session, or within one
 * @typedef {{library: import('./library.js').Library, keys: import('./phone_keys.js').PhoneKeys,
 *   shelf: import('./shelf.js').SignalShelf}} SignalRooms
 */

export class PhoneCipher {
  #address;
  #storage;

  /**
   * @param {SignalRooms} rooms
   * @param {string} number of the phone
   * @param {string} device linked device it talks with
   */
  constructor(rooms, number, device) {
    this.rooms = rooms;
    this.number = number;
    this.device = device;
    // The library queues work by this address.
    this.#address = new rooms.library.signal.ProtocolAddress(`${number}/${device}`, 0);
    this.#storage = /** @type {import('libsignal').SignalStorage} */ (this.#storageOf());
  }

  /** @param {import('baileys').proto.IMessage} message @returns {Promise<{kind: Kind, bytes: Buffer}>} */
  async encrypt(message) {
    const { library, shelf } = this.rooms;
    if (!this.#hasOpenSession()) await this.begin(shelf.takeBundle(this.device));
    const cipher = new library.signal.SessionCipher(this.#storage, this.#address);
    const { type, body } = await cipher.encrypt(library.encodeWAMessage(message));
    return { kind: type === 3 ? 'pkmsg' : 'msg', bytes: Buffer.from(/** @type {any} */ (body)) };
  }

  /**
   * @param {string} kind
   * @param {Uint8Array} bytes
   * @returns {Promise<import('baileys').proto.Message>}
   * @throws {Error} what does not decrypt: damaged, seen before, or meant for another session
   */
  async decrypt(kind, bytes) {
    const { library } = this.rooms;
    const cipher = new library.signal.SessionCipher(this.#storage, this.#address);
    const plain =
      kind === 'pkmsg'
        ? await cipher.decryptPreKeyWhisperMessage(Buffer.from(bytes))
        : await cipher.decryptWhisperMessage(Buffer.from(bytes));
    return library.proto.Message.decode(library.unpadRandomMax16(plain));
  }

  /** A new session from the device's keys; what was encrypted before may still arrive. @param {Bundle} bundle */
  async begin({ registrationId, identity, signedPreKey, preKey }) {
    const { signal, generateSignalPubKey: typed } = this.rooms.library;
    await new signal.SessionBuilder(this.#storage, this.#address).initOutgoing({
      registrationId,
      identityKey: typed(identity),
      signedPreKey: { ...signedPreKey, publicKey: typed(signedPreKey.public) },
      preKey: /** @type {any} */ (preKey && { keyId: preKey.keyId, publicKey: typed(preKey.public) }),
    });
  }

  #hasOpenSession() {
    const kept = this.rooms.shelf.session(this.device, this.number);
    return kept && Object.values(kept._sessions).some((session) => session.indexInfo.closed === -1);
  }

  #storageOf() {
    const { library, keys, shelf } = this.rooms;
    const { SessionRecord } = /** @type {any} */ (library.signal);
    const typed = (/** @type {import('./keys.js').KeyPair} */ pair) => ({
      privKey: pair.private,
      pubKey: library.generateSignalPubKey(pair.public),
    });
    const phone = () => keys.of(this.number);
    return {
      loadSession: async () => {
        const kept = shelf.session(this.device, this.number);
        return kept && SessionRecord.deserialize(kept);
      },
      storeSession: async (/** @type {string} */ _address, /** @type {any} */ record) =>
        shelf.keepSession(this.device, this.number, prune(record).serialize()),
      isTrustedIdentity: () => true,
      loadPreKey: async (/** @type {number} */ keyId) => keyId && typed(keys.oneTime(this.number, keyId)),
      removePreKey: () => {},
      loadSignedPreKey: () => typed(phone().signedPreKey),
      getOurRegistrationId: () => phone().registrationId,
      getOurIdentity: () => typed(phone().identity),
    };
  }
}

/** The library's own bound is forty. @param {{sessions: Record<string, any>}} record */
function prune(record) {
  const closed = Object.entries(record.sessions)
    .filter(([, session]) => session.indexInfo.closed !== -1)
    .sort(([, a], [, b]) => b.indexInfo.closed - a.indexInfo.closed);
  for (const [key] of closed.slice(CLOSED_SESSIONS)) delete record.sessions[key];
  return /** @type {any} */ (record);
}
