/** A process that journals and delivers as fast as it can, to be killed: `node journal_writer.js <directory> <url> <secret>`. */
import { writeSync } from 'node:fs';
import pino from 'pino';
import { Delivery } from '../../delivery.js';
import { Journal } from '../../journal.js';

const [directory, url, secret] = process.argv.slice(2);
const log = pino({ level: 'silent' });
const bootId = `b${process.pid}`;
const journal = await new Journal(directory, { bootId, log }).open();
new Delivery({ journal, url, secret, log }).run();

for (let n = 0; ; n += 1) {
  const burst = Array.from({ length: 5 }, (_, k) => `${process.pid}-${n}-${k}`);
  const write = (/** @type {string} */ text) =>
    journal.append({ type: 'message.ack', session_id: 's', epoch: 1, correlation_id: null, data: { text } });
  await Promise.all(burst.map(write));
  writeSync(1, `${burst.join('\n')}\n`); // said only once it is on disk
}
