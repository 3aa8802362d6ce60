import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { GatewayError } from '../../errors.js';
import { until, within } from '../../lib/deadline.js';
import { kill, lives, membersOf, processes } from '../../lib/proc.js';

/**
 * The browser as a process: how it is launched, and how it is made sure that it is gone. A browser is recognised by its
 * profile path on its command line and by nothing else, so that nobody else's browser is ever touched.
 */

const CLOSE_MS = 2_000;
const EXIT_MS = 3_000;

/** Debian's headless shell in /usr/bin is a script that forks the browser: killing it would leave the browser alive. */
const WRAPPED = new Map([['/usr/bin/chromium-headless-shell', '/usr/lib/chromium/chromium-headless-shell']]);

/**
 * What each saves is a session's memory of its own (`Pss_Anon`), measured with three sessions on the stand-in page: 37 MB in
 * two processes are left of 66 MB in six. Without effect there were V8's lite mode, its size limits and no JIT, low-end-device
 * mode, fewer raster threads, tiny caches, no images. `--single-process` and `--disable-threaded-compositing` save 11 and 3 MB
 * more and are left out: in the first a crashed page is a crashed browser, the second changes when a page draws.
 */
const FLAGS = [
  '--disable-gpu', // there is none
  '--disable-software-rasterizer', // else one is played in software, for WebGL that nobody uses: 10 MB
  '--in-process-gpu', // what draws is a thread, since nobody looks: 9 MB
  '--enable-features=NetworkServiceInProcess2', // the network is a thread, since one site is visited: 9 MB
  '--disable-features=Translate,BackForwardCache,AcceptCHFrame,MediaRouter,OptimizationHints,site-per-process',
  '--disable-site-isolation-trials', // one process for the page and what it frames
  '--disable-dev-shm-usage', // /dev/shm is 64 MB in a container
  '--disable-quic', // the sandbox speaks TCP, and proxies do
  '--disable-background-networking', // from here on: nothing is fetched or told that nobody asked for
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-sync',
  '--metrics-recording-only',
  '--no-first-run',
  '--no-default-browser-check',
  '--mute-audio',
];

/** Chromium refuses to run as root with its sandbox, and containers lack what it needs. */
const UNBOXED = [
  '--no-sandbox',
  '--no-zygote', // no processes that wait to be forked: 9 MB; the sandbox needs them
];

/**
 * @param {'live' | 'sandbox'} network
 * @param {import('../../config.js').EngineSettings} settings
 * @returns {Promise<import('puppeteer').LaunchOptions>}
 */
export async function launchOptions(network, settings) {
  const extra = network === 'sandbox' ? await sandboxArgs(settings.sandboxFile) : settings.liveArgs;
  return {
    executablePath: WRAPPED.get(settings.chromium) ?? settings.chromium,
    headless: 'shell',
    pipe: true,
    timeout: settings.launchTimeout,
    protocolTimeout: 60_000,
    defaultViewport: { width: 1024, height: 768 },
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [...FLAGS, ...(settings.browserSandbox ? [] : UNBOXED), ...extra],
  };
}

/**
 * A sandbox session can reach the stand-in and nothing else: every other name does not resolve, and a proxy of this machine, which
 * would resolve them for itself, is not asked.
 * @param {string} file `run/sandbox.json`, `{page_port, spki, pid}`
 */
async function sandboxArgs(file) {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new GatewayError('whatsapp_unreachable', 'the sandbox does not run');
  });
  const { page_port: port, spki } = JSON.parse(text);
  if (!Number.isInteger(port) || typeof spki !== 'string')
    throw new GatewayError('whatsapp_unreachable', 'sandbox.json is not usable');
  return [
    '--proxy-server=direct://',
    `--host-resolver-rules=MAP web.whatsapp.com 127.0.0.1:${port}, MAP * ~NOTFOUND , EXCLUDE 127.0.0.1`,
    `--ignore-certificate-errors-spki-list=${spki}`,
  ];
}

/** Ends whatever still uses the profile from an earlier life and removes the lock it may have left. @param {string} profile */
export async function claimProfile(profile) {
  await endBrowsersOf(profile);
  const locks = ['SingletonLock', 'SingletonCookie', 'SingletonSocket'];
  await Promise.all(locks.map((name) => rm(path.join(profile, name), { force: true })));
}

/**
 * Asks the browser to close, which writes the profile down; kills what does not go. Settles when every process is gone.
 * @param {import('puppeteer').Browser | null} browser
 * @param {string} profile
 */
export async function endBrowser(browser, profile) {
  const group = browser?.process()?.pid;
  if (browser?.connected) {
    await within(browser.close(), CLOSE_MS, () => new Error('browser does not close')).catch(() => undefined); // killed below
  }
  if (group) {
    kill(-group);
    await until(async () => (await membersOf(group)).length === 0, EXIT_MS);
  }
  await endBrowsersOf(profile);
}

/** @param {string} profile */
async function endBrowsersOf(profile) {
  await endAll(await browsersOf((directory) => directory === profile));
}

/** @param {string} prefix of the profile path @returns {Promise<number>} how many there were */
export async function endBrowsersUnder(prefix) {
  const pids = await browsersOf((directory) => directory.startsWith(prefix));
  await endAll(pids);
  return pids.length;
}

/** @param {number[]} pids */
async function endAll(pids) {
  for (const pid of pids) kill(pid);
  const gone = async () => !(await Promise.all(pids.map(lives))).includes(true);
  if (!(await until(gone, EXIT_MS)))
    throw new GatewayError('launch_failed', 'a browser of this profile does not end');
}

/**
 * Pids of browsers by their profile path.
 * @param {(profile: string) => boolean} matches
 * @returns {Promise<number[]>}
 */
async function browsersOf(matches) {
  const all = await processes();
  const found = await Promise.all(all.map(async ({ pid }) => (matches(await profileOf(pid)) ? pid : 0)));
  return found.filter((pid) => pid > 0);
}

/** @param {number} pid @returns {Promise<string>} the profile on its command line, or '' */
async function profileOf(pid) {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''); // it ended meanwhile
  const argument = line.split('\0').find((word) => word.startsWith('--user-data-dir='));
  return argument?.slice('--user-data-dir='.length) ?? '';
}
