/**
 * The sandbox: `node sandbox/server.js` with `WABOT_DATA` and `SANDBOX_PORT`. Runs the control API and the stand-in of
 * web.whatsapp.com, both on loopback, and WhatsApp's own protocol where its library is installed; says in
 * `WABOT_DATA/run/sandbox.json` how a browser, or an engine without one, is pointed at them.
 */
import fs from 'node:fs';
import path from 'node:path';
import { controlApp } from './control/app.js';
import { Faults } from './faults.js';
import { certificate, keptPort, keptSecret, lockDirectory, writeWhole } from './files.js';
import { Journal } from './journal.js';
import { Linking } from './linking.js';
import { errorText, log } from './log.js';
import { MediaShelf } from './media.js';
import { Phones } from './phones.js';
import { isInstalled } from './protocol/library.js';
import { ProtocolServer } from './protocol/server.js';
import { Site } from './site.js';
import { World } from './world.js';

const STOP_WITHIN_MS = 900;
const DEFAULT_CONTROL_PORT = 8090;

/** @returns {{data: string, controlPort: number}} */
function settings() {
  const data = path.resolve(process.env.WABOT_DATA ?? 'var');
  const controlPort = Number(process.env.SANDBOX_PORT ?? DEFAULT_CONTROL_PORT);
  if (!Number.isInteger(controlPort) || controlPort < 0 || controlPort > 65_535) {
    throw new Error('SANDBOX_PORT is not a port');
  }
  return { data, controlPort };
}

/**
 * Running engines are pinned to the port of before; another is taken only when that one is occupied.
 *
 * @param {Site | ProtocolServer} server
 * @param {string} dir
 * @param {string} name of the file the port is kept in
 */
async function listenWhereBefore(server, dir, name) {
  const kept = keptPort(dir, name);
  const port = await server.listen(kept).catch(async (error) => {
    if (error.code !== 'EADDRINUSE') throw error;
    log('warning', 'a port kept from before is taken, another is used', { name, port: kept });
    return server.listen(0);
  });
  writeWhole(path.join(dir, name), String(port));
  return port;
}

async function start() {
  const { data, controlPort } = settings();
  const dir = path.join(data, 'sandbox');
  for (const each of [data, dir, path.join(data, 'run')])
    fs.mkdirSync(each, { recursive: true, mode: 0o700 });
  await lockDirectory(dir);
  const faults = new Faults();
  const world = new World(new Journal(path.join(dir, 'world.jsonl')));
  faults.on('replace', () => world.replaceAll());
  const secret = keptSecret(dir);
  const media = new MediaShelf(path.join(dir, 'media'), secret);
  const rooms = { world, faults, media, linking: new Linking(secret, faults) };
  const { spki, ...credentials } = await certificate(dir);
  const site = new Site(rooms, credentials);
  const app = controlApp({ ...rooms, phones: new Phones(world, media) });
  const pagePort = await listenWhereBefore(site, dir, 'page_port');
  const protocol = isInstalled() ? new ProtocolServer(rooms, dir, secret) : null;
  const protocolPort = protocol && (await listenWhereBefore(protocol, dir, 'protocol_port'));
  const control = await app.listen({ port: controlPort, host: '127.0.0.1' });
  const foundProtocol = protocol?.found(Number(protocolPort)) ?? null;
  const found = { page_port: pagePort, spki, pid: process.pid, protocol: foundProtocol };
  writeWhole(path.join(data, 'run', 'sandbox.json'), JSON.stringify(found));
  log('info', 'the sandbox listens', { control, page_port: pagePort, protocol: foundProtocol?.url });
  protocol?.warm().catch((error) => log('error', 'the protocol library fails', { error: errorText(error) }));
  return async () => {
    site.close();
    protocol?.close();
    await app.close();
    world.close();
  };
}

/** @param {() => Promise<void>} stop */
function stopOnSignals(stop) {
  /** @param {string} signal */
  const end = (signal) => {
    log('info', 'the sandbox stops', { signal });
    setTimeout(() => process.exit(0), STOP_WITHIN_MS).unref();
    stop().then(
      () => process.exit(0),
      (error) => {
        log('error', 'stopping failed', { error: errorText(error) });
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => end(signal));
}

try {
  stopOnSignals(await start());
} catch (error) {
  log('error', 'the sandbox can not start', { error: errorText(error) });
  process.exitCode = 1;
}
