/** A site that answers wrongly, not at all, or with a page that is no WhatsApp; and a machine that was left untidy. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import tls from 'node:tls';
import { certificate } from '../sandbox/files.js';
import { Gateway } from './support/gateway.js';
import { Sandbox, until } from './support/sandbox.js';

const ME = '+4915112350002';
const BOT = '+12025550101';
const SHORT = {
  WA_LOAD_TIMEOUT_MS: '2500',
  WA_AUTH_TIMEOUT_MS: '6000',
  WA_QR_ROTATIONS: '30',
  WA_RESTART_BUDGET: '2',
};

const LONG_MS = Number(SHORT.WA_LOAD_TIMEOUT_MS) + 500;

/** What stands at WhatsApp's address instead of WhatsApp. @type {Record<string, import('node:http').RequestListener>} */
const ILL = {
  'answers 503': (_request, response) => response.writeHead(503).end('busy'),
  'takes the call and never answers': () => {},
  'hangs up': (request) => request.socket.destroy(),
  'goes away while its page loads': (request, response) => {
    if (request.url !== '/') return request.socket.destroy();
    return response.writeHead(200, { 'content-type': 'text/html' }).end('<script src="/app.js"></script>');
  },
  'is a page of something else': (_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Sign in to the Wi-Fi</title>'),
};
/** What a page of WhatsApp's may do besides: miss a script that it doesn't need, at once and at last, and after a while load itself anew. */
const BESIDES = `<script src="/figures.js"></script><script>
  addEventListener('load', () => {
    document.head.append(Object.assign(document.createElement('script'), { src: '/figures.js' }));
    if (!sessionStorage.again) setTimeout(() => location.reload(), ${LONG_MS});
    sessionStorage.again = 'no';
  });
</script>`;
const REASONS = { 'is a page of something else': 'auth_timeout' };

describe('an ill site', () => {
  /** @type {Sandbox} */
  let sandbox;
  /** @type {Gateway} */
  let gateway;
  /** @type {https.Server} */
  let site;
  let answer = ILL['answers 503'];
  let healthy = '';
  const noBrowser = () => until('no browser is left', async () => (await gateway.browsers()).length === 0);
  const address = () => path.join(sandbox.data, 'run', 'sandbox.json');

  before(async () => {
    sandbox = await Sandbox.start();
    healthy = fs.readFileSync(address(), 'utf8');
    const { key, cert } = await certificate(path.join(sandbox.data, 'sandbox'));
    site = https.createServer({ key, cert }, (request, response) => answer(request, response));
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    gateway = await Gateway.start(sandbox.data, SHORT);
  });
  afterEach(async () => {
    fs.writeFileSync(address(), healthy);
    await sandbox.ok('PUT', '/faults', {});
    for (const { id } of (await gateway.call('GET', '/sessions')).body.items)
      await gateway.logout(id, { epoch: 9 });
    await noBrowser();
  });
  after(async () => {
    site.closeAllConnections();
    site.close();
    await gateway.close();
    await sandbox.stop();
  });

  const texts = () => gateway.web.told('session.status', (data) => data.id === 'linked' && data.qr).length;

  /** From now on browsers find the ill site. */
  const fallIll = () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (site.address());
    fs.writeFileSync(address(), JSON.stringify({ ...JSON.parse(healthy), page_port: port }));
  };

  /** Hands on what is asked of WhatsApp; how often its page was asked for. @param {number} [delay] ms by which one of its scripts is late */
  const standBefore = (delay = 0) => {
    const { page_port: port } = JSON.parse(healthy);
    const seen = { pages: 0 };
    answer = (request, response) => {
      if (request.url === '/figures.js') return request.socket.destroy();
      if (request.url === '/') seen.pages += 1;
      const { url, headers } = request;
      const late = url === '/app/main.js' ? delay : 0;
      const asked = https.get({ port, path: url, headers, rejectUnauthorized: false }, (given) => {
        response.writeHead(given.statusCode ?? 500, { 'content-type': given.headers['content-type'] });
        if (url === '/') response.write(BESIDES);
        setTimeout(() => given.pipe(response), late);
      });
      asked.on('error', () => response.destroy());
    };
    site.removeAllListeners('upgrade').on('upgrade', ({ url, rawHeaders }, socket) => {
      const inner = tls.connect({ port, rejectUnauthorized: false });
      const lines = rawHeaders.map((text, i) => text + (i % 2 ? '\r\n' : ': ')).join('');
      inner.write(`GET ${url} HTTP/1.1\r\n${lines}\r\n`);
      socket.pipe(inner).pipe(socket);
      for (const end of [socket, inner]) end.on('error', () => [socket, inner].map((one) => one.destroy()));
    });
    return seen;
  };

  test('a script that nobody needs is no sign that WhatsApp went away, also when the page loads itself anew', async () => {
    const seen = standBefore(LONG_MS);
    fallIll();
    await gateway.put('counted');
    await gateway.status('counted', 'qr');
    const first = (await gateway.session('counted')).qr;
    await until('the page has loaded itself anew', () => seen.pages === 2);
    await until('it shows a new code', async () => {
      const { status, reason, qr } = await gateway.session('counted');
      assert.deepEqual([status, reason], ['qr', null]);
      return qr && qr !== first;
    });
  });

  /** A linked session works behind `standBefore`, and its page is about to load itself anew. */
  const working = async () => {
    await gateway.link('linked', sandbox, ME);
    await gateway.call('POST', '/sessions/linked/stop', { epoch: 1 });
    const seen = standBefore();
    fallIll();
    await gateway.put('linked');
    await gateway.status('linked', 'connected', 20_000);
    assert.equal(seen.pages, 1);
    return seen;
  };

  test('a page that loads itself anew under a session works again, in the same browser', async () => {
    const seen = await working();
    const pid = await gateway.browser('linked');
    const { since } = await gateway.session('linked');
    await until('the page has loaded itself anew', () => seen.pages === 2);
    await until('it works again', async () => {
      const now = await gateway.session('linked');
      return now.status === 'connected' && now.since !== since;
    });
    assert.equal((await gateway.send('linked', BOT, 'as before')).code, null);
    assert.equal(await gateway.browser('linked'), pid);
  });

  test('a page that loads itself anew under a session and is refused says so', async () => {
    await working();
    answer = ILL['answers 503'];
    const { reason, last_error } = await gateway.status('linked', 'reconnecting', 20_000);
    assert.deepEqual([reason, last_error], ['whatsapp_unreachable', 'WhatsApp answers 503']);
  });

  for (const [what, behaviour] of Object.entries(ILL)) {
    const reason = /** @type {any} */ (REASONS)[what] ?? 'whatsapp_unreachable';

    test(`${what}: failed and named, the browser freed`, async () => {
      answer = behaviour;
      fallIll();
      await gateway.put('ill');
      const session = await gateway.status('ill', 'failed', 20_000);
      assert.deepEqual([session.reason, session.linked], [reason, false]);
      await noBrowser();
    });

    test(`${what}: a linked session keeps its login and comes back`, async () => {
      await gateway.link('linked', sandbox, ME);
      const before = texts();
      await gateway.call('POST', '/sessions/linked/stop', { epoch: 1 });
      answer = behaviour;
      fallIll();
      await gateway.put('linked');
      const session = await gateway.status('linked', 'reconnecting', 20_000);
      assert.deepEqual([session.reason, session.linked], [reason, true]);
      fs.writeFileSync(address(), healthy);
      await gateway.status('linked', 'connected', 30_000);
      assert.equal(texts(), before, 'no new QR was shown');
    });
  }

  test('texts that ran out are made anew, also when the page has gone idle', async () => {
    await sandbox.ok('PUT', '/faults', { expire_qr_ms: 150 });
    await gateway.put('idle');
    const texts = new Set();
    await until('more texts than the page shows by itself', async () => {
      const { qr } = await gateway.session('idle');
      if (qr) texts.add(qr);
      return texts.size > 8;
    });
    assert.ok([...texts].every((text) => !text.startsWith('undefined')));
  });

  test('a link that was broken off before the phone knew of it begins anew, with another code', async () => {
    await gateway.link('half', sandbox, ME);
    await gateway.call('POST', '/sessions/half/stop', { epoch: 1 });
    const profile = path.join(sandbox.data, 'gateway', 'profiles', 'sandbox', 'half');
    fs.rmSync(path.join(profile, 'linked.json')); // it never was connected
    await sandbox.ok('POST', `/phones/${ME}/unlink`, {});
    const since = gateway.web.events.length;
    await gateway.link('half', sandbox, ME, { epoch: 2 });
    const told = gateway.web.events.slice(since).map(({ data }) => data.status);
    assert.ok(!told.includes('disconnected') && !told.includes('failed'), told.join());
  });

  test('a profile locked by a machine that is gone is opened all the same, with its login', async () => {
    await gateway.link('locked', sandbox, ME);
    await gateway.call('POST', '/sessions/locked/stop', { epoch: 1 });
    const profile = path.join(sandbox.data, 'gateway', 'profiles', 'sandbox', 'locked', 'session');
    const lock = path.join(profile, 'SingletonLock');
    fs.rmSync(lock, { force: true });
    fs.symlinkSync('another-machine-4711', lock);
    await gateway.put('locked');
    assert.equal((await gateway.status('locked', 'connected')).qr, null);
  });
});
