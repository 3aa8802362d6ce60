/**
 * The contract every engine keeps, played through the gateway with the real engine against the real sandbox. One session's
 * life from the first QR to the log-out: each test goes on where the one before ended.
 */
import { after, before, describe } from 'node:test';
import { findEngines } from '../engines.js';
import { Bench } from './contract/bench.js';
import { ends } from './contract/ends.js';
import { lives } from './contract/lives.js';
import { messages } from './contract/messages.js';

for (const [engine, module] of await findEngines()) {
  describe(`engine ${engine}`, () => {
    const bench = new Bench(engine, module);
    before(() => bench.start());
    after(() => bench.stop());
    messages(bench);
    lives(bench);
    ends(bench);
  });
}
