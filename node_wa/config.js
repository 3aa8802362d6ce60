import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { split } from 'shlex';

/**
 * All settings, read from the environment once. A bad value refuses to start, by name.
 * The `WA_…` times and counts have good defaults; tests and operators of slow machines may move them.
 */

/**
 * @typedef {object} Config
 * @property {string} data absolute path of everything that is kept
 * @property {string} directory the gateway's own part of it
 * @property {number} port
 * @property {string} eventsUrl where web takes events
 * @property {string} gatewaySecret
 * @property {string} internalSecret
 * @property {number} journalLimit undelivered events at which nothing new is begun
 * @property {number} sessionsPerHost
 * @property {number} memoryLimit MB a session may take before its browser is replaced; 0: any
 * @property {number} weighing ms between two weighings
 * @property {number} launches browsers that may start at the same time
 * @property {number} lightLaunches the same, of engines without a browser
 * @property {() => string} databaseUri the embedded database may come back at another port
 * @property {number} databaseDeadline ms a step is tried for while the database is away
 * @property {() => string} engineSecret what stored logins are sealed with
 * @property {Lifecycle} lifecycle
 * @property {EngineSettings} engine
 */

/**
 * @typedef {object} Lifecycle times in ms
 * @property {number} qrRotations QR texts shown before giving up
 * @property {number} qrTimeout
 * @property {number} pairingTimeout
 * @property {number} heartbeat between two looks
 * @property {number} heartbeatDeadline for one look
 * @property {number} connectionGrace how long a lost connection may mend itself before the browser is replaced
 * @property {number} stable connected this long: earlier failures are forgotten
 * @property {number} budget failures in a row before giving up
 * @property {{min: number, max: number}} backoff
 */

/**
 * @typedef {object} EngineSettings what a host hands to its engines; times in ms
 * @property {string} chromium path of the browser
 * @property {boolean} browserSandbox whether the browser shuts its own processes in; root can't have it
 * @property {string[]} liveArgs browser arguments for the live network
 * @property {string} sandboxFile where the sandbox says how it is reached
 * @property {number} launchTimeout
 * @property {number} loadTimeout until WhatsApp answers at all
 * @property {number} authTimeout until its page can log in
 * @property {number} syncTimeout until a login is ready, counted from its last progress
 * @property {number} syncGrace connected without any progress: the signal that all is synced has been lost
 * @property {number} sendTimeout until a message must have been handed over
 * @property {number} ackTimeout until WhatsApp's server must have confirmed one, where that can be heard
 * @property {BaileysSettings} baileys
 */

/**
 * @typedef {object} BaileysSettings
 * @property {boolean} live allowed on the live network
 * @property {string | null} url instead of WhatsApp's on the live network; tests only
 * @property {number[] | null} version of WhatsApp Web to say; null: the library's
 * @property {number} keepAlive ms between two signs of life
 * @property {{min: number, max: number}} backoff ms before connecting anew
 */

/** @param {NodeJS.ProcessEnv} [env] @returns {Readonly<Config>} */
export function readConfig(env = process.env) {
  const data = path.resolve(required(env, 'WABOT_DATA'));
  const directory = path.join(data, 'gateway');
  mkdirSync(path.join(directory, 'profiles'), { recursive: true, mode: 0o700 });
  return Object.freeze({
    data,
    directory,
    port: whole(env, 'GATEWAY_PORT', 8070, 1, 65535),
    eventsUrl: new URL('/internal/events', url(env, 'WABOT_INTERNAL_URL')).href,
    gatewaySecret: secret(data, 'gateway_secret'),
    internalSecret: secret(data, 'internal_secret'),
    journalLimit: whole(env, 'WA_JOURNAL_LIMIT', 200_000, 1),
    sessionsPerHost: whole(env, 'WA_SESSIONS_PER_HOST', 8, 1, 200),
    memoryLimit: whole(env, 'WA_MEMORY_LIMIT_MB', 600, 0),
    weighing: whole(env, 'WA_WEIGHING_MS', 15_000, 50),
    launches: whole(env, 'WA_LAUNCHES', 3, 1, 64),
    lightLaunches: whole(env, 'WA_LIGHT_LAUNCHES', 24, 1, 500),
    databaseUri: () => databaseUri(env, data),
    databaseDeadline: whole(env, 'WA_DATABASE_DEADLINE_MS', 20_000, 100, 25_000),
    engineSecret: () => secret(data, 'engine_secret'),
    lifecycle: lifecycle(env),
    engine: engine(env, data),
  });
}

/** @param {NodeJS.ProcessEnv} env @returns {Lifecycle} */
function lifecycle(env) {
  return {
    qrRotations: whole(env, 'WA_QR_ROTATIONS', 5, 1),
    qrTimeout: whole(env, 'WA_QR_TIMEOUT_MS', 120_000, 100),
    pairingTimeout: whole(env, 'WA_PAIRING_TIMEOUT_MS', 180_000, 100),
    heartbeat: whole(env, 'WA_HEARTBEAT_MS', 2_000, 50),
    heartbeatDeadline: whole(env, 'WA_HEARTBEAT_DEADLINE_MS', 2_500, 50),
    connectionGrace: whole(env, 'WA_CONNECTION_GRACE_MS', 45_000, 100),
    stable: whole(env, 'WA_STABLE_MS', 30_000, 0),
    budget: whole(env, 'WA_RESTART_BUDGET', 8, 0),
    backoff: {
      min: whole(env, 'WA_BACKOFF_MIN_MS', 250, 1),
      max: whole(env, 'WA_BACKOFF_MAX_MS', 30_000, 1),
    },
  };
}

/** @param {NodeJS.ProcessEnv} env @param {string} data @returns {EngineSettings} */
function engine(env, data) {
  return {
    chromium: env.CHROMIUM_PATH || '/usr/lib/chromium/chromium-headless-shell',
    browserSandbox: whole(env, 'WA_CHROMIUM_SANDBOX', 0, 0, 1) === 1,
    liveArgs: words(env, 'WA_CHROMIUM_ARGS'),
    sandboxFile: path.join(data, 'run', 'sandbox.json'),
    launchTimeout: whole(env, 'WA_LAUNCH_TIMEOUT_MS', 20_000, 100),
    loadTimeout: whole(env, 'WA_LOAD_TIMEOUT_MS', 15_000, 100),
    authTimeout: whole(env, 'WA_AUTH_TIMEOUT_MS', 60_000, 100),
    syncGrace: whole(env, 'WA_SYNC_GRACE_MS', 20_000, 0),
    syncTimeout: whole(env, 'WA_SYNC_TIMEOUT_MS', 120_000, 100),
    sendTimeout: whole(env, 'WA_SEND_TIMEOUT_MS', 15_000, 100),
    ackTimeout: whole(env, 'WA_ACK_TIMEOUT_MS', 10_000, 100),
    baileys: baileys(env),
  };
}

/** @param {NodeJS.ProcessEnv} env @returns {BaileysSettings} */
function baileys(env) {
  const address = env.WA_BAILEYS_URL || null;
  if (address && !/^wss?:$/.test(URL.canParse(address) ? new URL(address).protocol : ''))
    throw new Error('WA_BAILEYS_URL is not a ws or wss address');
  const version = env.WA_BAILEYS_VERSION || null;
  if (version && !/^\d{1,9}\.\d{1,9}\.\d{1,10}$/.test(version))
    throw new Error('WA_BAILEYS_VERSION is not three numbers with dots between, such as 2.3000.1');
  return {
    live: env.WA_BAILEYS_LIVE === '1' || address !== null,
    url: address,
    version: version ? version.split('.').map(Number) : null,
    keepAlive: whole(env, 'WA_BAILEYS_KEEPALIVE_MS', 20_000, 500),
    backoff: {
      min: whole(env, 'WA_BACKOFF_MIN_MS', 250, 1),
      max: whole(env, 'WA_BACKOFF_MAX_MS', 30_000, 1),
    },
  };
}

/** `MONGO_URI`, or the embedded database where it listens now. @param {NodeJS.ProcessEnv} env @param {string} data */
function databaseUri(env, data) {
  const named = env.MONGO_URI || (env.MONGO_URI_FILE && readFileSync(env.MONGO_URI_FILE, 'utf8').trim());
  if (named) return named;
  const port = Number(readFileSync(path.join(data, 'run', 'db.port'), 'utf8'));
  return `mongodb://127.0.0.1:${port}/wabot?directConnection=true&retryWrites=false`;
}

/** @param {NodeJS.ProcessEnv} env @param {string} name */
function required(env, name) {
  const value = env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** @param {NodeJS.ProcessEnv} env @param {string} name @param {number} standard @param {number} min @param {number} [max] */
function whole(env, name, standard, min, max = 2 ** 31 - 1) {
  const text = env[name];
  if (text === undefined || text === '') return standard;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Error(`${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
  }
  return value;
}

/** @param {NodeJS.ProcessEnv} env @param {string} name */
function url(env, name) {
  const text = required(env, name);
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new Error(`${name} is not an http address`);
  return text;
}

/** @param {NodeJS.ProcessEnv} env @param {string} name @returns {string[]} split as a shell does */
function words(env, name) {
  try {
    return split(env[name] || '');
  } catch (cause) {
    throw new Error(`${name} has an open quote`, { cause });
  }
}

/** @param {string} data @param {string} name */
function secret(data, name) {
  const file = path.join(data, 'secrets', name);
  const text = readFileSync(file, 'utf8').trim();
  if (text.length < 16) throw new Error(`${file} holds no usable secret`);
  return text;
}
