/** What somebody with a client of their own may send: it is no letter, or one cut short, and never ends a session. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import * as library from 'baileys';
import { Keepsakes } from '../engines/baileys/keepsakes.js';
import { Parties } from '../engines/baileys/parties.js';
import { Receiving } from '../engines/baileys/receiving.js';
import { Incoming } from '../engines/webjs/incoming.js';

const ME = '4915112340001@s.whatsapp.net';
const FRIEND = '4915112340002@s.whatsapp.net';
const SILENT = /** @type {any} */ ({ warn: () => undefined });
const WHOLE = library.proto.Message.encode({ conversation: 'hello' }).finish();

/** @param {Uint8Array} plain */
const padded = (plain) => Buffer.concat([plain, Buffer.from([1])]);

/** A session that has just opened what somebody sealed. @param {Uint8Array} plain @param {Record<string, string>} [attrs] */
async function opened(plain, attrs = {}) {
  /** @type {Record<string, any[]>} */
  const { told, lost, stored } = { told: [], lost: [], stored: [] };
  const decryptMessage = async () => plain;
  const fake = {
    ...library,
    DEFAULT_CONNECTION_CONFIG: { makeSignalRepository: () => ({ decryptMessage }) },
  };
  const keys = {
    get: async () => ({}),
    set: async (/** @type {any} */ data) => void stored.push(data),
    transaction: (/** @type {() => Promise<any>} */ work) => work(),
  };
  const hearer = {
    tell: async (/** @type {string} */ _type, /** @type {any} */ data) => void told.push(data),
    lost: (/** @type {unknown} */ error) => void lost.push(error),
    named: () => undefined,
  };
  const receiving = new Receiving({
    library: fake,
    keepsakes: new Keepsakes(fake),
    keys,
    hearer,
    log: SILENT,
  });
  const ws = new EventEmitter();
  for (const name of ['CB:message', 'CB:receipt']) ws.on(name, () => undefined);
  const lidMapping = { getPNForLID: async () => null };
  const authState = { creds: { me: { id: ME } }, keys };
  const sock = { ws, ev: new EventEmitter(), authState, signalRepository: { lidMapping } };
  receiving.attach(sock, new Parties(fake, sock));
  const ciphertext = new Uint8Array([1]);
  const content = [{ tag: 'enc', attrs: { type: 'msg' }, content: ciphertext }];
  ws.emit('CB:message', {
    tag: 'message',
    attrs: { id: 'A1', from: FRIEND, type: 'text', t: '1790000000', ...attrs },
    content,
  });
  const auth = { creds: authState.creds, keys };
  const answer = await receiving.repository(auth, null, null).decryptMessage({ ciphertext, jid: FRIEND });
  return { told, lost, stored, answer };
}

test('a letter that can be read is told', async () => {
  const { told, lost } = await opened(padded(WHOLE));
  assert.deepEqual([told.map(({ body }) => body), lost], [['hello'], []]);
});

for (const [what, plain] of Object.entries({
  'nothing at all': new Uint8Array(0),
  'a padding longer than the text': Buffer.from([255]),
  'no message': padded(Buffer.from([0xff, 0xff, 0xff, 0x07])),
}))
  test(`${what} is left to the library, and does not cost the connection`, async () => {
    const { told, lost, answer } = await opened(plain);
    assert.deepEqual([told, lost, answer], [[], [], plain]);
  });

for (const t of ['', 'soon', '99999999999999'])
  test(`a letter of the time “${t}” is of now`, async () => {
    const { told, lost } = await opened(padded(WHOLE), { t });
    assert.deepEqual([told.length, lost], [1, []]);
    assert.ok(Math.abs(Date.parse(told[0].at) - Date.now()) < 10_000, told[0].at);
  });

test('of a file nothing is kept but what it takes to fetch it', async () => {
  const imageMessage = {
    directPath: '/v/a',
    mediaKey: new Uint8Array(32),
    mimetype: 'image/jpeg',
    fileLength: 7,
    jpegThumbnail: new Uint8Array(5_000_000),
    caption: 'c'.repeat(1_000_000),
  };
  const { told, stored } = await opened(padded(library.proto.Message.encode({ imageMessage }).finish()));
  const [{ 'wabot-files': places }] = stored;
  const [{ bytes }] = Object.values(places);
  assert.ok(bytes.length < 1_000, `${bytes.length} characters`);
  const kept = library.proto.Message.decode(Buffer.from(bytes, 'base64')).imageMessage;
  assert.deepEqual([kept?.directPath, kept?.mimetype, Number(kept?.fileLength)], ['/v/a', 'image/jpeg', 7]);
  assert.deepEqual(told[0].media, { mimetype: 'image/jpeg', filename: null, size: 7 });
});

test('a letter without a time is told by the page’s engine, too', async () => {
  const incoming = new Incoming({}, '/nowhere', SILENT);
  const told = await incoming.describe({
    id: 'A1',
    chat: '4915112340002@c.us',
    number: '4915112340002@c.us',
    ack: null,
  });
  assert.ok(Date.parse(told.at) <= Date.now());
});
