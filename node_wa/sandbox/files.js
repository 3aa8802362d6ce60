/**
 * What the sandbox keeps under WABOT_DATA besides its journal: certificate, secret, the page's port.
 */
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import selfsigned from 'selfsigned';

const TEN_YEARS_MS = 10 * 365 * 24 * 3600 * 1000;

/**
 * Written aside, then renamed: a reader sees all of it or none.
 *
 * @param {string} file
 * @param {string | Buffer} content
 */
export function writeWhole(file, content) {
  fs.writeFileSync(`${file}.new`, content, { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
}

/**
 * @param {string} dir
 * @returns {Promise<{key: string, cert: string, spki: string}>} spki is what Chromium's
 *   `--ignore-certificate-errors-spki-list` takes: base64 of the SHA-256 of the public key
 */
export async function certificate(dir) {
  const file = path.join(dir, 'certificate.pem');
  if (!fs.existsSync(file)) writeWhole(file, await newCertificate());
  const pem = fs.readFileSync(file, 'utf8');
  const spki = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  return { key: pem, cert: pem, spki: createHash('sha256').update(spki).digest('base64') };
}

async function newCertificate() {
  const pems = await selfsigned.generate([{ name: 'commonName', value: 'wabot sandbox' }], {
    keyType: 'ec',
    notAfterDate: new Date(Date.now() + TEN_YEARS_MS),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'web.whatsapp.com' }] }],
  });
  return pems.private + pems.cert;
}

/** @param {string} dir */
export function keptSecret(dir) {
  const file = path.join(dir, 'ref_secret');
  if (!fs.existsSync(file)) writeWhole(file, randomBytes(32));
  return fs.readFileSync(file);
}

/**
 * @param {string} dir
 * @param {string} name of the file it is kept in
 * @returns {number} 0 before the first start
 */
export function keptPort(dir, name) {
  const file = path.join(dir, name);
  return fs.existsSync(file) ? Number(fs.readFileSync(file, 'utf8')) || 0 : 0;
}

/**
 * Two sandboxes on one directory would write over each other. The lock is an abstract socket: the kernel lets go of it
 * when the process dies, however it dies.
 *
 * @param {string} dir
 * @returns {Promise<net.Server>}
 */
export function lockDirectory(dir) {
  const name = createHash('sha256').update(fs.realpathSync(dir)).digest('hex').slice(0, 32);
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', () => reject(new Error(`another sandbox already runs on ${dir}`)));
    server.listen(`\0wabot-sandbox-${name}`, () => resolve(server.unref()));
  });
}
