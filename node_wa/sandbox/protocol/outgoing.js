/**
 * A message from a linked device: every virtual phone it is for decrypts its own copy, the recipient's as well as the
 * sender's own. What can't be decrypted never arrives: that phone asks for it again.
 */
import { LIMITS } from '../limits.js';
import { errorText, log } from '../log.js';
import { personAt } from './addresses.js';
import { PhoneCipher } from './cipher.js';
import { toldIn } from './letters.js';
import { bytesIn, child, children, numberBytes, seconds, stanza } from './stanzas.js';

const MESSAGE_ID = /^[0-9A-Za-z]{8,64}$/;
/** How often a phone asks for a message that it can't decrypt. */
const ASKS = 5;
const REFUSED = { INVALID: 400, NOBODY: 404 };

/**
 * @typedef {import('./stanzas.js').Stanza} Stanza
 * @typedef {import('./companion.js').Companion} Companion
 * @typedef {{number: string, kind: string, bytes: Buffer}} Copy for one phone
 */

/**
 * @param {Companion} companion
 * @param {Stanza} sent
 */
export async function takeMessage(companion, sent) {
  const { world } = companion.rooms;
  const to = personAt(sent.attrs.recipient ?? sent.attrs.to);
  if (!to || !MESSAGE_ID.test(sent.attrs.id ?? '')) return refuse(companion, sent, REFUSED.INVALID);
  if (sent.attrs.category === 'peer') return acknowledge(companion, sent);
  if (!world.exists(to.number)) return refuse(companion, sent, REFUSED.NOBODY);
  const copies = copiesIn(sent, to.number);
  const own = copies.find((copy) => copy.number !== to.number);
  const theirs = copies.find((copy) => copy.number === to.number);
  if (own && !(await opened(companion, own))) askAgain(companion, sent, companion.device.number);
  if (!theirs) return own ? acknowledge(companion, sent) : refuse(companion, sent, REFUSED.INVALID);
  const letter = await opened(companion, theirs);
  if (letter && !companion.asksAgain(sent.attrs.id)) return arrive(companion, sent, to.number, letter);
  acknowledge(companion, sent);
  if (!world.state.message(companion.device.number, sent.attrs.id)) askAgain(companion, sent, to.number);
}

/**
 * @param {Stanza} sent
 * @param {string} to
 * @returns {Copy[]}
 */
function copiesIn(sent, to) {
  const direct = child(sent, 'enc');
  if (direct) return [{ number: to, kind: direct.attrs.type, bytes: bytesIn(direct) }];
  return children(child(sent, 'participants')).flatMap((each) => {
    const [person, enc] = [personAt(each.attrs.jid), child(each, 'enc')];
    return person?.device === 0 && enc
      ? [{ number: person.number, kind: enc.attrs.type, bytes: bytesIn(enc) }]
      : [];
  });
}

/**
 * @param {Companion} companion
 * @param {Copy} copy
 * @returns {Promise<import('baileys').proto.Message | null>} null when it can't be decrypted
 */
async function opened({ rooms, device }, { number, kind, bytes }) {
  try {
    return await new PhoneCipher(rooms, number, device.id).decrypt(kind, bytes);
  } catch (error) {
    log('warning', 'a phone could not decrypt a message', { kind, error: errorText(error) });
    return null;
  }
}

/**
 * @param {Companion} companion
 * @param {Stanza} sent
 * @param {string} to
 * @param {import('baileys').proto.Message} letter
 */
function arrive(companion, sent, to, letter) {
  const { rooms, device } = companion;
  const told = toldIn(rooms.library, letter);
  if (!told) return acknowledge(companion, sent);
  if (told.body.length > LIMITS.textLength) return refuse(companion, sent, REFUSED.INVALID);
  const { body, kind, quotedId } = told;
  const quoted = quotedId === undefined ? undefined : authorOf(companion, to, quotedId);
  const message = { from: device.number, to, body, id: sent.attrs.id, device: device.id, kind, quoted };
  rooms.world.send(message, () => acknowledge(companion, sent));
}

/** @param {Companion} companion @param {string} to @param {string} id @returns {import('../state.js').Quoted | undefined} */
function authorOf({ rooms: { world }, device }, to, id) {
  const from = [to, device.number].find((number) => world.state.message(number, id));
  return from === undefined ? undefined : { id, from };
}

/** @param {Companion} companion @param {Stanza} sent */
function acknowledge(companion, { attrs: { id, to } }) {
  companion.tellTick(stanza('ack', { class: 'message', id, from: to, t: seconds() }));
}

/** @param {Companion} companion @param {Stanza} sent @param {number} error */
function refuse(companion, { attrs: { id, to } }, error) {
  companion.tellTick(stanza('ack', { class: 'message', id, from: to, t: seconds(), error }));
}

/**
 * @param {Companion} companion
 * @param {Stanza} sent
 * @param {string} number of the phone that asks
 */
function askAgain(companion, { attrs: { id, to } }, number) {
  const count = companion.countAsk(id, number);
  if (count > ASKS) return;
  const isOwn = number === companion.device.number;
  const from = isOwn ? companion.ownJid(to) : to;
  const t = seconds();
  const { registrationId } = companion.rooms.keys.of(number);
  companion.tell(
    stanza('receipt', { id, from, type: 'retry', t, recipient: isOwn && from !== to ? to : undefined }, [
      stanza('retry', { count, id, t, v: 1, error: 0 }),
      stanza('registration', {}, numberBytes(registrationId, 4)),
    ]),
  );
}
