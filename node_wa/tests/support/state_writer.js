/** A process that writes a login as fast as it can, to be killed: `node state_writer.js <uri> <secret> <session> <epoch> <from>`. */
import pino from 'pino';
import { Database } from '../../states/database.js';
import { Vault } from '../../states/vault.js';

const [uri, secret, session, epoch, from] = process.argv.slice(2);
const log = pino({ level: 'silent' });
const database = new Database({ uri: () => uri, deadline: 15_000, log });
const vault = new Vault({ database, secret: () => secret, log });
const ledger = await vault.open({ session, network: 'sandbox', epoch: Number(epoch) });

for (let n = Number(from) + 1; ; n += 1) {
  // Large enough that each second write settles what was before.
  const changes = Array.from({ length: 12 }, (_, k) => ['session', `k${k}`, `${n} ${'x'.repeat(1_500)}`]);
  await ledger.set(/** @type {any} */ (changes));
  process.send?.(n); // said only once it is durable
}
