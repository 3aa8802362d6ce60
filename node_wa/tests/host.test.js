/** The process that runs engines, spoken to as the gateway does. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { Hosts } from '../hosts.js';
import { until } from './support/sandbox.js';

const PROGRAM = path.join(import.meta.dirname, '..', 'host.js');
const ILL = 'process.on("SIGUSR2", () => setTimeout(() => { throw new Error("from a timer"); }));';

test('what a library throws in a timer of one session ends none of the others', async () => {
  const host = fork(PROGRAM, ['baileys'], {
    execArgv: ['--import', `data:text/javascript,${encodeURIComponent(ILL)}`],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let said = '';
  host.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  try {
    const answers = async (/** @type {number} */ n) => {
      host.send({ n, run: '', method: 'ping', args: {} });
      assert.deepEqual(await once(host, 'message'), [{ n, value: null }, undefined]);
    };
    await answers(1);
    host.kill('SIGUSR2');
    await until('it was said', () => said.includes('failed in a timer'));
    await answers(2);
  } finally {
    const ended = once(host, 'exit');
    host.disconnect();
    await ended;
  }
});

const ENGINE = new URL('../engines/baileys/engine.js', import.meta.url);
const FAULTY = `import { BaileysEngine } from '${ENGINE}';
for (const name of ['send', 'checkNumber']) BaileysEngine.prototype[name] = () => null.nothing;`;

for (const [method, code] of [
  ['send', 'outcome_unknown'],
  ['checkNumber', 'engine_error'],
])
  test(`what nobody foresaw in ${method} is ${code}`, async () => {
    const host = fork(PROGRAM, ['baileys'], {
      execArgv: ['--import', `data:text/javascript,${encodeURIComponent(FAULTY)}`],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const answer = async (/** @type {object} */ call) => {
      host.send({ run: 'r', ...call });
      return (await once(host, 'message'))[0];
    };
    try {
      const options = { engine: 'baileys', session: 's', settings: { baileys: { backoff: {} } } };
      assert.deepEqual(await answer({ n: 1, method: 'create', args: options }), { n: 1, value: null });
      const { error } = await answer({ n: 2, method, args: {} });
      assert.equal(error.code, code);
    } finally {
      const ended = once(host, 'exit');
      host.disconnect();
      await ended;
    }
  });

/** @type {any} */
const QUIET = { info() {}, error() {}, child: () => QUIET };
const KIND = { name: 'none', engine: 'none', perHost: 8, heap: null, isShared: false };

test('a host that could not be started is none: the next session gets another', async () => {
  const hosts = new Hosts({ warm: null, log: QUIET });
  const node = process.execPath;
  process.execPath = '/nowhere/node';
  const unborn = hosts.pick(KIND);
  process.execPath = node;
  try {
    await assert.rejects(unborn.call('r', 'create', {}, 5_000), { code: 'host_ended' });
    const next = hosts.pick(KIND);
    assert.notEqual(next, unborn);
    assert.ok(await next.answers());
    assert.deepEqual(hosts.alive(), [next]);
  } finally {
    await hosts.close();
  }
});

test('nobody is sent into a host that is leaving', async () => {
  const hosts = new Hosts({ warm: null, log: QUIET });
  const leaving = hosts.pick(KIND);
  try {
    assert.ok(await leaving.answers());
    const ended = leaving.end();
    assert.notEqual(hosts.pick(KIND), leaving);
    await ended;
  } finally {
    await hosts.close();
  }
});
