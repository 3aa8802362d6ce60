/**
 * Puts the page together and starts it. `window.require` is assigned once, then `window.Debug`; both before anything is
 * connected, so that a script injected at document start can wrap them.
 */
import { Addresses } from './addresses.js';
import { Chats } from './chats.js';
import { Link } from './link.js';
import { requireOf } from './modules.js';
import { msgKeyClass } from './msg_key.js';
import { Session } from './session.js';
import { Storage } from './storage.js';

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {Session} session */
function show(session) {
  element('state').textContent = session.Socket.state;
  const { wid, pushname } = session.Conn;
  element('account').textContent = wid ? `${pushname} (+${wid.user})` : '';
}

const traits = JSON.parse(element('traits').textContent ?? '');
const storage = await Storage.open();
const link = new Link();
const me = {};
const MsgKey = msgKeyClass(traits.keyField);
const addresses = new Addresses(link, storage, traits.addressing);
const chats = new Chats({ traits, link, me, storage, addresses, MsgKey });
const session = new Session({ traits, link, storage, chats, me });

/** @type {any} */
const site = window;
site.require = requireOf({ traits, session, chats, addresses, link, me, MsgKey });
site.Debug = { VERSION: traits.version };

session.Socket.on('change:state', () => show(session));
await addresses.load();
await session.start();
