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
  const swept = await Promise.all([...engines.values()].map((engine) => engine.sweep?.(profiles)));
  log.info({ engines: [...engines.keys()], orphans: swept }, 'starting');

  const journal = await new Journal(config.directory, {
    bootId: randomBytes(9).toString('base64url'),
    log,
  }).open();
  const delivery = new Delivery({ journal, url: config.eventsUrl, secret: config.internalSecret, log });
  const usual = engines.get(STANDARD);
  const hosts = new Hosts({ warm: usual ? kindOf(usual, 'live', config.sessionsPerHost) : null, log });
  const database = new Database({ uri: config.databaseUri, deadline: config.databaseDeadline, log });
  const vault = new Vault({ database, secret: config.engineSecret, log });
  const slots = { heavy: new Slots(config.launches), light: new Slots(config.lightLaunches) };
  const versions = new Versions(config.directory, log);
  const isBackedUp = () => journal.isFull(config.journalLimit);
  const sessions = new Sessions({
    config,
    hosts,
    journal,
    versions,
    isBackedUp,
    slots: ({ hosting }) => (hosting ? slots.light : slots.heavy),
    engines,
    vault,
    log,
  });
  const app = makeHttp({ sessions, versions, engines, hosts, isBackedUp, config, log });

  hosts.begin();
  delivery.run().catch(fatal);
  await app.listen({ host: '127.0.0.1', port: config.port });
  const scale = setInterval(() => sessions.weigh().catch(warn), config.weighing);
  const clearing = setInterval(() => vault.isUsed && vault.clear(), CLEAR_MS);
  const relief = setInterval(() => sessions.relieve(), RELIEVE_MS);
  log.info({ port: config.port, pending: journal.pending }, 'listening');

  const stop = async (/** @type {string} */ signal) => {
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), EXIT_MS).unref(); // hosts notice the broken pipe and go as well
    clearInterval(scale);
    clearInterval(relief);
    clearInterval(clearing);
    const closed = app.close();
    await sessions.close();
    await hosts.close();
    await closed;
    delivery.stop();
    await journal.close();
    await versions.close();
    await vault.close();
    alone.close();
    log.info('stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop(signal).catch(fatal));
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
