/**
 * Virtual phones: what their owner sees and does. Numbers are digits alone on the way in and carry a `+` on the way out.
 * A number of the range that exists by itself (`numbers.js`) is a phone too, only not listed until it is made or linked.
 */
import { LIMITS } from './limits.js';
import { kindOf } from './media.js';
import { addressOf } from './numbers.js';
import { Problem } from './problems.js';
import { newMessageId, now } from './world.js';

export class Phones {
  /** @param {import('./world.js').World} world @param {import('./media.js').MediaShelf} shelf */
  constructor(world, shelf) {
    this.world = world;
    this.shelf = shelf;
  }

  /**
   * Makes a phone, or renames it.
   *
   * @param {string} number
   * @param {string} [name] kept as it was when left out
   * @throws {Problem} too_many_phones
   */
  put(number, name) {
    const { phones } = this.world.state;
    const known = phones.get(number);
    if (!known && phones.size >= LIMITS.phones) throw new Problem('too_many_phones');
    const at = known?.at ?? now();
    this.world.commit([{ e: 'phone', number, name: name ?? known?.name ?? `+${number}`, at }]);
    return this.get(number);
  }

  /** @param {string} number @throws {Problem} phone_not_found */
  require(number) {
    if (!this.world.exists(number)) throw new Problem('phone_not_found', `+${number} is not a virtual phone`);
  }

  /** @param {string} number @throws {Problem} phone_not_found */
  get(number) {
    this.require(number);
    const devices = this.world.state.devicesOf(number).map((device) => ({
      id: device.id,
      linked_at: device.at,
      online: this.world.isOnline(device),
    }));
    const lid = addressOf(number, 'lid');
    return { number: `+${number}`, name: this.world.nameOf(number), lid, devices };
  }

  list() {
    return [...this.world.state.phones.keys()].map((number) => this.get(number));
  }

  /** @param {string} number @throws {Problem} phone_not_found */
  inbox(number) {
    this.require(number);
    const messages = this.world.state.inboxes.get(number) ?? [];
    const kept = messages.slice(-LIMITS.inboxPerPhone);
    return kept.map((message) => ({ ...shownIn(message), from: `+${message.from}` }));
  }

  /**
   * @param {string} number
   * @returns most recent chat first, messages oldest first
   * @throws {Problem} phone_not_found
   */
  chats(number) {
    this.require(number);
    const chats = [...(this.world.state.chats.get(number)?.values() ?? [])];
    return chats
      .slice(-LIMITS.shownChats)
      .reverse()
      .map((chat) => ({
        with: `+${chat.with}`,
        name: this.world.nameOf(chat.with),
        unread: this.world.unread(number, chat.with).length,
        messages: this.world
          .chat(number, chat.with)
          .slice(-LIMITS.shownPerChat)
          .map((message) => shown(message, number)),
      }));
  }

  /**
   * @param {string} from
   * @param {string} to any number; the message arrives where that is a phone
   * @param {{text?: string, caption?: string, kind?: string, media?: Buffer, mimetype?: string, filename?: string,
   *   quoted_id?: string}} letter
   * @returns {string} the message's id
   * @throws {Problem} phone_not_found, message_not_found
   */
  write(
    from,
    to,
    { text, caption, kind, media, mimetype = 'application/octet-stream', filename, quoted_id },
  ) {
    this.require(from);
    const id = newMessageId();
    const quoted = quoted_id === undefined ? undefined : this.#quoted(from, to, quoted_id);
    const attached = media && {
      kind: kind ?? kindOf(mimetype),
      media: this.shelf.put(media, { mimetype, filename }),
    };
    this.world.send({ from, to, body: caption ?? text ?? '', id, device: null, ...attached, quoted });
    return id;
  }

  /** @param {string} one @param {string} other @param {string} id @returns {import('./state.js').Quoted} */
  #quoted(one, other, id) {
    const author = [one, other].find((number) => this.world.state.message(number, id));
    if (!author) throw new Problem('message_not_found', undefined, 'quoted_id');
    return { id, from: author };
  }

  /**
   * @param {string} number
   * @param {string} [id] all that arrived when left out
   * @returns {number} how many became read by this
   * @throws {Problem} phone_not_found, message_not_found
   */
  read(number, id) {
    this.require(number);
    const inbox = this.world.state.inboxes.get(number) ?? [];
    const chosen = id === undefined ? inbox : inbox.filter((message) => message.id === id);
    if (id !== undefined && chosen.length === 0) throw new Problem('message_not_found', undefined, 'id');
    return this.world.markRead(chosen);
  }

  /**
   * @param {string} number
   * @returns {number} how many devices were linked
   * @throws {Problem} phone_not_found
   */
  unlink(number) {
    this.require(number);
    const devices = this.world.state.devicesOf(number);
    this.world.unlink(devices);
    return devices.length;
  }
}

/**
 * @param {import('./state.js').Message} message
 * @param {string} owner
 */
const shown = ({ ack, from, ...message }, owner) => ({
  ...shownIn({ from, ack, ...message }),
  from_me: from === owner,
  ack,
});

/** @param {import('./state.js').Message} message what the phone's owner sees of it: never a key */
const shownIn = ({ id, from, body, at, kind = 'text', media, quoted }) => ({
  id,
  from,
  body,
  at,
  kind,
  media: media && { mimetype: media.mimetype, filename: media.filename, size: media.size },
  quoted_id: quoted?.id,
});
