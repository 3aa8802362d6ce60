/** Who is on WhatsApp (usync), and the keys to write to them. */
import { lidJid, numberJid, personAt } from './addresses.js';
import { bundleStanzas } from './bundles.js';
import { child, children, stanza } from './stanzas.js';

/**
 * @typedef {import('./stanzas.js').Stanza} Stanza
 * @typedef {import('./queries.js').Asker} Asker
 */

/** @param {Asker} asker @param {Stanza} query @returns {Stanza[]} */
export function usync(asker, query) {
  const asked = child(query, 'usync');
  const protocols = children(child(asked, 'query')).map(({ tag }) => tag);
  const users = children(child(asked, 'list')).map((user) => userStanza(asker, user, protocols));
  return [stanza('usync', asked?.attrs, [stanza('result'), stanza('list', {}, users)])];
}

/** @param {Asker} asker @param {Stanza} user @param {string[]} protocols */
function userStanza({ world }, user, protocols) {
  const phone = child(user, 'contact')?.content;
  const person = phone === undefined ? personAt(user.attrs.jid) : personAt(numberJid(digits(phone)));
  const exists = person !== null && world.exists(person.number);
  const jid = user.attrs.jid ?? (person ? numberJid(person.number) : undefined);
  /** @type {Record<string, Stanza | null>} */
  const answers = {
    contact: stanza('contact', { type: exists ? 'in' : 'out' }),
    devices: exists ? stanza('devices', {}, [deviceList()]) : null,
    lid: exists && !person.byLid ? stanza('lid', { val: lidJid(person.number) }) : null,
  };
  const told = protocols.map((name) => answers[name] ?? null).filter((answer) => answer !== null);
  return stanza('user', { jid }, told);
}

/** The phone alone: what linked devices shall see, their phone hands them. */
const deviceList = () => stanza('device-list', {}, [stanza('device', { id: 0 })]);

/** @param {Stanza['content']} text */
const digits = (text) =>
  (typeof text === 'string' ? text : Buffer.from(/** @type {any} */ (text ?? '')).toString()).replace(
    /\D/g,
    '',
  );

/** @param {Asker} asker @param {Stanza} query @returns {Stanza[]} */
export function bundles({ world, keys }, query) {
  const users = children(child(query, 'key')).map(({ attrs: { jid } }) => {
    const person = personAt(jid);
    if (person?.device !== 0 || !world.exists(person.number)) {
      return stanza('user', { jid }, [stanza('error', { code: 404, text: 'item-not-found' })]);
    }
    return stanza('user', { jid }, bundleStanzas(keys.bundle(person.number)));
  });
  return [stanza('list', {}, users)];
}
