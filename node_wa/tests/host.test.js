/** The process that runs engines, spoken to as the gateway does. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
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
