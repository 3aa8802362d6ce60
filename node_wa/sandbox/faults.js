/**
 * Faults a tester can switch on. Setting them replaces all of them: what is left out is off.
 *
 * Events: `change` (the new values), `drop` (cut every socket, once), `replace` (as if
 * every device came online elsewhere, once), `hang` (every page open now stops answering)
 * and `resume`.
 */
import { EventEmitter } from 'node:events';

/**
 * @typedef {object} FaultValues
 * @property {boolean} drop_socket cuts every device's socket once; reads false again at once
 * @property {boolean} refuse_connections no page and no socket can connect; those connected stay
 * @property {number} ack_delay_ms every tick is told this much later
 * @property {boolean} lose_acks messages go out, but no tick is told
 * @property {boolean} page_hang pages open now stop answering until this is off again or they are reloaded
 * @property {boolean} lose_media files can't be fetched any more
 * @property {number} media_delay_ms every file is handed out this much later
 * @property {boolean} hide_numbers the number behind a LID is told to nobody who asks for it
 * @property {string} web_profile which WhatsApp Web the next page load gets
 * @property {boolean | number} slow_sync milliseconds a login takes to sync; true is 20 s
 * @property {number} expire_qr_ms how long each QR code holds; 0 is as on WhatsApp
 * @property {string} stall_stanza what the protocol server leaves unanswered: a stanza's tag, `tag:xmlns`, `hello`, `login`, `offline`
 * @property {boolean | number} damage_message the first sendings of each message can't be decrypted; true is one
 * @property {boolean} replay_message every message reaches a protocol device twice, byte for byte
 * @property {number} ask_again how often a phone asks again for each message of a protocol device
 * @property {boolean} replace_login tells every device that is online once that it came online elsewhere; reads false again at once
 * @property {number} refuse_login the reason with which protocol logins fail; 0 is none; 515 lets each in and asks it at once to come back
 */

/** @type {Readonly<FaultValues>} */
const NO_FAULTS = Object.freeze({
  drop_socket: false,
  refuse_connections: false,
  ack_delay_ms: 0,
  lose_acks: false,
  page_hang: false,
  lose_media: false,
  media_delay_ms: 0,
  hide_numbers: false,
  web_profile: 'today',
  slow_sync: false,
  expire_qr_ms: 0,
  stall_stanza: '',
  damage_message: false,
  replay_message: false,
  ask_again: 0,
  refuse_login: 0,
  replace_login: false,
});

const SLOW_SYNC_MS = 20_000;

export class Faults extends EventEmitter {
  /** @type {Readonly<FaultValues>} */
  #values = NO_FAULTS;

  constructor() {
    super();
    this.setMaxListeners(0);
  }

  get values() {
    return this.#values;
  }

  /** @param {number} normal */
  syncMs(normal) {
    const { slow_sync } = this.#values;
    if (slow_sync === true) return SLOW_SYNC_MS;
    return slow_sync === false ? normal : slow_sync;
  }

  /** @param {Partial<FaultValues>} values */
  set(values) {
    const before = this.#values;
    this.#values = Object.freeze({ ...NO_FAULTS, ...values, drop_socket: false, replace_login: false });
    this.emit('change', this.#values);
    if (values.drop_socket) this.emit('drop');
    if (values.replace_login) this.emit('replace');
    if (this.#values.page_hang) this.emit('hang');
    else if (before.page_hang) this.emit('resume');
    return this.#values;
  }
}
