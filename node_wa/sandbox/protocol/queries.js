/**
 * What a linked device may ask (`iq`), one function for each namespace and first child. What stands nowhere here is answered
 * as WhatsApp answers what it doesn't know: with an error.
 */
import { bundleStanzas, preKeysIn, signedKeyIn } from './bundles.js';
import { bundles, usync } from './people.js';
import { bytesIn, child, children, numberBytes, SERVER, stanza } from './stanzas.js';

/**
 * @typedef {import('./stanzas.js').Stanza} Stanza
 * @typedef {object} Asker
 * @property {import('../world.js').World} world
 * @property {import('../state.js').Device} device
 * @property {import('./phone_keys.js').PhoneKeys} keys
 * @property {import('./shelf.js').SignalShelf} shelf
 * @property {() => void} active it wants what waited for it now
 * @property {() => void} logout
 */

const NOT_IMPLEMENTED = stanza('error', { code: 501, text: 'feature-not-implemented' });
const NOT_FOUND = stanza('error', { code: 404, text: 'item-not-found' });

/** What others may see: everything. */
const PRIVACY = ['last', 'online', 'profile', 'status', 'readreceipts', 'groupadd', 'calladd'].map((name) =>
  stanza('category', { name, value: 'all' }),
);

/** @type {Record<string, (asker: Asker, query: Stanza) => Stanza[]>} */
const ANSWERS = {
  'w:p ping': () => [],
  'passive active': ({ active }) => {
    active();
    return [];
  },
  'passive passive': () => [],
  'encrypt count': ({ shelf, device }) => [stanza('count', { value: shelf.preKeyCount(device.id) })],
  'encrypt registration': uploadPreKeys,
  'encrypt rotate': ({ shelf, device }, query) => {
    shelf.rotate(device.id, signedKeyIn(child(child(query, 'rotate'), 'skey')));
    return [];
  },
  'encrypt digest': ({ shelf, device }) => [
    stanza('digest', {}, bundleStanzas(shelf.publishedBy(device.id))),
  ],
  'encrypt key': bundles,
  'usync usync': usync,
  'abt props': () => [stanza('props', { protocol: '1' }, [])],
  'blocklist ': () => [stanza('list', {}, [])],
  'privacy privacy': () => [stanza('privacy', {}, PRIVACY)],
  'privacy tokens': () => [],
  'w:sync:app:state sync': (_asker, query) => [
    stanza('sync', {}, children(child(query, 'sync')).map(unchanged)),
  ],
  'w:profile:picture picture': () => [NOT_FOUND],
  'urn:xmpp:whatsapp:dirty clean': () => [],
  'w:stats add': () => [],
  'md remove-companion-device': ({ logout }) => {
    logout();
    return [];
  },
};

/** @param {Asker} asker @param {Stanza} query @returns {Stanza[]} */
function uploadPreKeys({ shelf, device }, query) {
  const { registrationId, identity } = shelf.publishedBy(device.id);
  const isOurs =
    bytesIn(query, 'identity').equals(identity) &&
    bytesIn(query, 'registration').equals(numberBytes(registrationId, 4));
  if (!isOurs) return [stanza('error', { code: 406, text: 'not-acceptable' })];
  shelf.rotate(device.id, signedKeyIn(child(query, 'skey')));
  shelf.addPreKeys(device.id, preKeysIn(query));
  return [];
}

/** Nothing is kept of chats' settings. @param {Stanza} collection */
const unchanged = ({ attrs: { name, version } }) => stanza('collection', { name, version }, []);

/** @param {Asker} asker @param {Stanza} query @returns {Stanza} */
export function answer(asker, query) {
  const { id, xmlns } = query.attrs;
  const asked = `${xmlns} ${children(query)[0]?.tag ?? ''}`;
  const content = Object.hasOwn(ANSWERS, asked) ? ANSWERS[asked](asker, query) : [NOT_IMPLEMENTED];
  const type = content[0]?.tag === 'error' ? 'error' : 'result';
  return stanza('iq', { id, type, from: SERVER }, content);
}
