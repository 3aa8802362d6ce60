/** Linking, as whatsapp-web.js sees it: QR codes that turn, stale and foreign ones, pairing codes, logging out, unlinking. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { Sandbox, until } from './support/sandbox.js';
import { Browser } from './support/sandbox_browser.js';
import { picture } from './support/sandbox_pictures.js';

const ALICE = '12025550101';
const BOB = '12025550102';

/** @type {Sandbox} */
let sandbox;
/** @type {Sandbox} */
let elsewhere;
/** @type {Browser} */
let browser;

before(async () => {
  [sandbox, elsewhere] = await Promise.all([Sandbox.start(), Sandbox.start()]);
  browser = new Browser(sandbox, 'first');
});

after(async () => {
  await browser.close();
  await Promise.all([sandbox.stop(), elsewhere.stop()]);
});

/**
 * @param {unknown} shown
 * @param {string} [number]
 * @param {Sandbox} [where]
 */
async function scan(shown, number = ALICE, where = sandbox) {
  const { status, body } = await where.call('POST', `/phones/${number}/scan`, shown);
  return status === 200 ? 'linked' : `${status} ${body.code}`;
}

const devices = async () => (await sandbox.ok('GET', `/phones/${ALICE}`)).devices;

test('six QR codes in a row, then none until asked', async () => {
  await sandbox.ok('PUT', '/faults', { expire_qr_ms: 500 });
  await browser.launch();
  await browser.state('UNPAIRED_IDLE');
  await until('the library has told of all', async () => browser.all('qr').length === 7);
  const codes = browser.all('qr').map(([qr]) => qr);
  assert.equal(new Set(codes).size, 7);
  assert.match(codes[0], /^2@[\w+/]{64},[\w+/]{43}=,[\w+/]{43}=,[\w+/]{43}=,1$/);
  assert.match(codes[6], /^undefined,/, 'the library makes a bogus one of the missing ref');
  assert.equal(await scan({ qr: codes[5] }), '409 qr_stale');
  await sandbox.ok('PUT', '/faults', {});
  await browser.page(() => /** @type {any} */ (window).require('WAWebCmd').Cmd.refreshQR());
  await browser.state('UNPAIRED');
  await until('the library has told of the new one', async () => browser.all('qr').length === 8);
});

test('stale and foreign codes are refused', async () => {
  const qr = await browser.qr();
  const [ref, noise, identity, adv, platform] = qr.split(',');
  const withOther = (/** @type {string} */ key) =>
    `${key.slice(0, 9)}${key[9] === 'A' ? 'B' : 'A'}${key.slice(10)}`;
  assert.equal(await scan({ qr: browser.all('qr')[0][0] }), '409 qr_stale');
  assert.equal(await scan({ qr: 'https://example.org/menu' }), '409 qr_foreign');
  assert.equal(await scan({ qr: [withOther(ref), noise, identity, adv, platform].join() }), '409 qr_foreign');
  assert.equal(await scan({ qr: [ref, withOther(noise), identity, adv, platform].join() }), '409 qr_foreign');
  assert.equal(await scan({ qr: [ref, noise, withOther(identity), adv, platform].join() }), '409 qr_foreign');
  assert.equal(await scan({ qr }, '491512345678'), '404 phone_not_found');
  await elsewhere.ok('PUT', `/phones/${ALICE}`, {});
  assert.equal(await scan({ qr }, ALICE, elsewhere), '409 qr_foreign', 'another sandbox made it');
  assert.deepEqual(await devices(), []);
});

test('the page itself refuses a phone that does not know its secret', async () => {
  const before = await browser.qr();
  const [ref, noise, identity, , platform] = before.split(',');
  assert.equal(await scan({ qr: [ref, noise, identity, 'c2VjcmV0', platform].join() }), '409 qr_foreign');
  await until('a new code is shown', async () => (await browser.qr()) !== before);
  assert.equal(await scan({ qr: before }), '409 qr_stale', 'a code serves once');
  assert.equal(await browser.client.getState(), 'UNPAIRED');
});

test('a picture of the code links the phone', async () => {
  await sandbox.ok('PUT', `/phones/+${ALICE}`, { name: 'Alice' });
  const image = picture(await browser.qr(), { module: 3, canvas: [1280, 800], at: [600, 200], busy: true });
  assert.equal(await scan({ image }), 'linked');
  await browser.ready();
  const { wid, pushname } = browser.client.info;
  assert.deepEqual([wid._serialized, pushname], [`${ALICE}@c.us`, 'Alice']);
  const [device] = await devices();
  assert.equal(device.online, true);
  assert.ok(browser.all('loading_screen').some(([percent]) => percent === 99));
});

test('logging out in the page unlinks the device and shows a new code', async () => {
  await browser.page(() => /** @type {any} */ (window).require('WAWebSocketModel').Socket.logout());
  assert.deepEqual(await devices(), []);
  assert.equal(await browser.event('disconnected'), 'LOGOUT');
  assert.match(browser.client.pupPage.url(), /\?post_logout=1&logout_reason=0$/);
  const shown = browser.all('qr').length;
  await until('a code again', () => browser.all('qr').length > shown);
  await browser.close();
});

test('a pairing code links the number it was made for', async () => {
  const pairWithPhoneNumber = { phoneNumber: ALICE, showNotification: false, intervalMs: 180_000 };
  browser = new Browser(sandbox, 'second', { pairWithPhoneNumber });
  const initialized = browser.client.initialize();
  const code = await browser.event('code');
  await initialized;
  assert.match(code, /^[1-9A-HJ-NP-TV-Z]{8}$/);
  assert.equal(await scan({ code: 'AAAA1111' }), '409 code_foreign');
  assert.equal(await scan({ code }, BOB), '409 code_foreign');
  assert.equal(await scan({ code: `${code.slice(0, 4)}-${code.slice(4).toLowerCase()}` }), 'linked');
  await browser.ready();
  assert.equal(await scan({ code }), '409 code_stale');
});

test('unlinked on the phone: the page is thrown out and forgets its login', async () => {
  assert.deepEqual(await sandbox.ok('POST', `/phones/${ALICE}/unlink`), { unlinked: 1 });
  assert.equal(await browser.event('disconnected'), 'LOGOUT');
  await browser.state('UNPAIRED');
  await until('asked again', () => browser.all('code').length === 2);
  await browser.close();
});

test('unlinked while away: the next start shows a code again', async () => {
  browser = new Browser(sandbox, 'third');
  await browser.link(ALICE);
  await browser.close();
  await sandbox.ok('POST', `/phones/${ALICE}/unlink`);
  browser = new Browser(sandbox, 'third');
  await browser.client
    .initialize()
    .catch((/** @type {Error} */ error) => assert.match(error.message, /context/i));
  await until('thrown out', () => browser.client.pupPage.url().includes('post_logout=1'));
  await browser.state('UNPAIRED');
  await browser.close();
});

test('the same device open twice: the earlier one is told, and can take over', async () => {
  browser = new Browser(sandbox, 'fourth', { takeoverOnConflict: true, takeoverTimeoutMs: 100 });
  await browser.link(ALICE);
  const second = await browser.client.pupBrowser.newPage();
  await second.goto('https://web.whatsapp.com/');
  await browser.event('change_state', (state) => state === 'CONFLICT');
  await browser.event('change_state', (state) => state === 'CONNECTED');
  const state = () =>
    second.evaluate(() => /** @type {any} */ (window).require('WAWebSocketModel').Socket.state);
  await until('the second page is in conflict', async () => (await state()) === 'CONFLICT');
  assert.equal((await devices()).length, 1);
});

test('what is kept about devices is no key to them', () => {
  const journal = fs.readFileSync(path.join(sandbox.data, 'sandbox', 'world.jsonl'), 'utf8');
  assert.match(journal, /"e":"link"/);
  assert.doesNotMatch(journal, /secret/);
  for (const name of ['world.jsonl', 'certificate.pem', 'ref_secret']) {
    assert.equal(fs.statSync(path.join(sandbox.data, 'sandbox', name)).mode & 0o777, 0o600);
  }
  assert.doesNotMatch(sandbox.output, /2@|PRIVATE/);
});
