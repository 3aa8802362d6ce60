import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { GatewayError } from '../../errors.js';

/**
 * Where a session's network is entered. A process is of one network for its life, by the first session it carries: the root that
 * the library trusts is one for the process. One of the sandbox can open no connection but to this machine.
 */

const LIVE = 'wss://web.whatsapp.com/ws/chat';
const MEDIA = 'https://mmg.whatsapp.net';
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
/** @type {'live' | 'sandbox' | null} */
let pinned = null;

/** @typedef {{url: string, root: string | null, media: string | null}} Door `media`: where files are */

/**
 * @param {'live' | 'sandbox'} network
 * @param {import('../../config.js').EngineSettings} settings
 * @returns {Promise<Door>} throws `engine_not_allowed`, `whatsapp_unreachable`
 */
export async function doorOf(network, { baileys, sandboxFile }) {
  if (pinned && pinned !== network)
    throw new GatewayError('launch_failed', 'this host is of another network');
  if (network === 'live' && !baileys.live)
    throw new GatewayError('engine_not_allowed', 'WA_BAILEYS_LIVE is not set');
  const door =
    network === 'live'
      ? { url: baileys.url ?? LIVE, root: null, media: MEDIA }
      : await sandboxDoor(sandboxFile);
  if (network === 'sandbox' && !pinned) stayHere();
  pinned = network;
  return door;
}

/** @param {string} file @returns {Promise<Door>} */
async function sandboxDoor(file) {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const { url, root_key: root, media_url: media = null } = JSON.parse(text).protocol ?? {};
  if (!url || !root || !/^[0-9a-f]{64}$/i.test(root) || !LOOPBACK.has(new URL(url).hostname))
    throw new GatewayError(
      'whatsapp_unreachable',
      'the sandbox is not running, or has no server for this engine',
    );
  return { url, root, media };
}

/** Every connection of Node passes through here, whoever opens it. */
function stayHere() {
  const connect = net.Socket.prototype.connect;
  /** @type {any} */ (net.Socket.prototype).connect = function (/** @type {any[]} */ ...args) {
    const [first, second] = Array.isArray(args[0]) ? args[0] : args;
    const isLocal =
      typeof first === 'object' ? first.path || isHere(first.host) : !Number(first) || isHere(second);
    if (!isLocal) throw new Error('a session of the sandbox stays on this machine');
    return /** @type {any} */ (connect).apply(this, args);
  };
}

/** @param {unknown} host */
const isHere = (host) =>
  host === undefined || host === null || typeof host === 'function' || LOOPBACK.has(String(host));
