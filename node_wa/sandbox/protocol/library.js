/**
 * The optional package this server stands on: `baileys`, for its codec, protobufs and curves, and its `libsignal`. Loaded
 * with the first connection, or at the start if devices are linked already, since it takes some 50 MB.
 */
import { Console } from 'node:console';
import { createRequire } from 'node:module';
import { Writable } from 'node:stream';

/**
 * @typedef {typeof import('baileys') & {signal: typeof import('libsignal')}} Library
 * @typedef {import('baileys').BinaryNode} Stanza
 */

/** @type {Promise<Library> | null} */
let loading = null;

export function isInstalled() {
  try {
    createRequire(import.meta.url).resolve('baileys');
    return true;
  } catch {
    return false;
  }
}

export function loadLibrary() {
  loading ??= load();
  return loading;
}

async function load() {
  // libsignal writes sessions to the console, private keys included. Nothing else here uses it.
  globalThis.console = new Console(new Writable({ write: (_chunk, _encoding, done) => done() }));
  const [baileys, signal] = await Promise.all([import('baileys'), import('libsignal')]);
  return { ...baileys, signal: 'default' in signal ? /** @type {any} */ (signal.default) : signal };
}
