import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { readConfig } from './config.js';
import { Delivery } from './delivery.js';
import { findEngines, kindOf } from './engines.js';
import { Hosts } from './hosts.js';
import { makeHttp } from './http.js';
import { Journal } from './journal.js';
import { Slots } from './lib/lock.js';
import { holdAlone } from './lib/singleton.js';
import { brief, makeLog } from './log.js';
import { Sessions } from './sessions.js';
import { Database } from './states/database.js';
import { Vault } from './states/vault.js';
import { Versions } from './versions.js';

/**
 * The gateway: drives WhatsApp sessions for web and worker, on loopback only. It may be killed at any moment: what has
 * happened is in the journal, the logins are in the profiles, and which sessions are to run, worker says again.
 */

const STANDARD = 'webjs';
const RELIEVE_MS = 1_000;
const CLEAR_MS = 60_000;
const EXIT_MS = 7_500; // supervisord's patience is 8 s

const log = makeLog('gateway');

async function main() {
  const config = readConfig();
  const alone = await holdAlone(config.directory);
  const engines = await findEngines();
  const profiles = path.join(config.directory, 'profiles');
  const orphans = await Promise.all([...engines.values()].map((engine) => engine.sweep?.(profiles)));
  log.info({ engines: [...engines.keys()], orphans }, 'starting');

  const gateway = await assemble(config, engines);
  gateway.hosts.begin();
  gateway.delivery.run().catch(fatal);
  await gateway.app.listen({ host: '127.0.0.1', port: config.port });
  const timers = startTimers(gateway, config);
  log.info({ port: config.port, pending: gateway.journal.pending }, 'listening');

  const stop = async (/** @type {string} */ signal) => {
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), EXIT_MS).unref(); // hosts notice the broken pipe and go as well
    for (const timer of timers) clearInterval(timer);
    await close(gateway);
    alone.close();
    log.info('stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop(signal).catch(fatal));
}

/** @typedef {Awaited<ReturnType<typeof assemble>>} Gateway */

/**
 * @param {import('./config.js').Config} config
 * @param {Map<string, import('./engines/contract.js').EngineModule>} engines
 */
async function assemble(config, engines) {
  const bootId = randomBytes(9).toString('base64url');
  const journal = await new Journal(config.directory, { bootId, log }).open();
  const delivery = new Delivery({ journal, url: config.eventsUrl, secret: config.internalSecret, log });
  const usual = engines.get(STANDARD);
  const hosts = new Hosts({ warm: usual ? kindOf(usual, 'live', config.sessionsPerHost) : null, log });
  const database = new Database({ uri: config.databaseUri, deadline: config.databaseDeadline, log });
  const vault = new Vault({ database, secret: config.engineSecret, log });
  const versions = new Versions(config.directory, log);
  const isBackedUp = () => journal.isFull(config.journalLimit);
  const sessions = new Sessions({
    config,
    hosts,
    journal,
    versions,
    isBackedUp,
    slots: slotsFor(config),
    engines,
    vault,
    log,
  });
  const app = makeHttp({ sessions, versions, engines, hosts, isBackedUp, config, log });
  return { journal, delivery, hosts, vault, versions, sessions, app };
}

/** @param {import('./config.js').Config} config @returns {import('./session.js').Gateway['slots']} */
function slotsFor({ launches, lightLaunches }) {
  const heavy = new Slots(launches);
  const light = new Slots(lightLaunches);
  return ({ hosting }) => (hosting ? light : heavy);
}

/** @param {Gateway} gateway @param {import('./config.js').Config} config */
function startTimers({ sessions, vault }, { weighing }) {
  return [
    setInterval(() => sessions.weigh().catch(warn), weighing),
    setInterval(() => sessions.relieve(), RELIEVE_MS),
    setInterval(() => vault.isUsed && vault.clear(), CLEAR_MS),
  ];
}

/** Settles when nothing runs any more and all is written down. @param {Gateway} gateway */
async function close({ app, sessions, hosts, delivery, journal, versions, vault }) {
  const closed = app.close();
  await sessions.close();
  await hosts.close();
  await closed;
  delivery.stop();
  await journal.close();
  await versions.close();
  await vault.close();
}

/** @param {unknown} error */
function warn(error) {
  log.warn({ err: brief(error) }, 'memory not measured');
}

/** @param {unknown} error */
function fatal(error) {
  log.fatal({ err: brief(error) }, 'the gateway can not go on');
  process.exit(1);
}

process.on('unhandledRejection', fatal);
main().catch(fatal);
