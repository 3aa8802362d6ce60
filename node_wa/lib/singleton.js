import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';

/**
 * Only one gateway may write one data directory. The lock is a socket in Linux's abstract namespace named after the
 * directory: the kernel frees it with the process, however that dies, so it is never stale.
 * @param {string} directory
 * @returns {Promise<import('node:net').Server>} keep it as long as the directory is used
 */
export function holdAlone(directory) {
  const name = createHash('sha256').update(realpathSync(directory)).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new Error(`another gateway runs on ${directory}`, { cause })));
    server.listen(`\0wabot-gateway-${name}`, () => resolve(server.unref()));
  });
}
