/**
 * Who this server is: a root made once for this sandbox, and under it an intermediate and a leaf, as WhatsApp has them. A
 * library that is told to trust this root trusts no other server with it.
 */
import { derivedKeyPair, newKeyPair } from './keys.js';

/** What the library expects as the root's serial number. */
const ROOT_SERIAL = 0;
const INTERMEDIATE_SERIAL = 1;
const LEAF_SERIAL = 2;

/**
 * @typedef {import('./keys.js').KeyPair} KeyPair
 * @typedef {{keys: KeyPair, chain: Uint8Array}} Certificate
 */

/** @param {Buffer} secret of this sandbox, kept */
export const rootKeys = (secret) => derivedKeyPair(secret, 'noise root');

/**
 * @param {import('./library.js').Library} library
 * @param {KeyPair} root
 * @returns {Certificate} for the keys of one server process
 */
export function serverCertificate({ proto, Curve }, root) {
  const [intermediate, leaf] = [newKeyPair(), newKeyPair()];
  /** @param {KeyPair} issuer @param {Buffer} key @param {number} serial @param {number} issuerSerial */
  const sign = (issuer, key, serial, issuerSerial) => {
    const details = proto.CertChain.NoiseCertificate.Details.encode({ key, serial, issuerSerial }).finish();
    return { details, signature: Curve.sign(issuer.private, details) };
  };
  const chain = proto.CertChain.encode({
    intermediate: sign(root, intermediate.public, INTERMEDIATE_SERIAL, ROOT_SERIAL),
    leaf: sign(intermediate, leaf.public, LEAF_SERIAL, INTERMEDIATE_SERIAL),
  }).finish();
  return { keys: leaf, chain };
}
