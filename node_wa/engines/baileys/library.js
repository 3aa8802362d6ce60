import { brief } from '../../log.js';

/**
 * Loads the library, once a process, and holds its tongue: libsignal, on which it stands, prints whole sessions with their private
 * keys on the console, so this process has none any more. Of the library's own log lines only the fixed words are kept.
 */

const SPOKEN = /** @type {const} */ ([
  'log',
  'info',
  'warn',
  'error',
  'debug',
  'trace',
  'dir',
  'table',
  'group',
  'assert',
]);

/** @type {Promise<any> | null} */
let loading = null;

/** @param {import('pino').Logger} log @returns {Promise<any>} */
export function load(log) {
  loading ??= silenced(log).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** @param {import('pino').Logger} log */
async function silenced(log) {
  for (const name of SPOKEN) console[name] = () => undefined;
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.debug({ err: brief(warning) }, 'a warning'));
  return import('baileys');
}

/**
 * What the library logs to. Objects may hold keys and messages, and texts may hold addresses: neither is kept.
 * @param {import('pino').Logger} log
 */
export function libraryLog(log) {
  const say = (/** @type {any[]} */ ...words) => {
    const text = words.find((word) => typeof word === 'string');
    if (text) log.debug({ said: text.replaceAll(/[0-9]{5,}/g, '…').slice(0, 120) }, 'library');
  };
  const silent = () => undefined;
  const lines = {
    level: 'info',
    trace: silent,
    debug: silent,
    info: silent,
    warn: say,
    error: say,
    fatal: say,
  };
  return { ...lines, child: () => libraryLog(log) };
}
