/** How a phone vouches for a device it links: signatures both ways, under what it read in the QR code. */
import { createHmac, randomInt } from 'node:crypto';
import { seconds } from './stanzas.js';

/**
 * @typedef {import('./library.js').Library} Library
 * @typedef {{details: Uint8Array, identity: Uint8Array}} Vouched details of the device, and its own public key
 */

/**
 * @param {Library} library
 * @param {import('./keys.js').KeyPair} account the phone's identity
 * @param {{identity: Uint8Array, index: number, advSecret: string}} device
 * @returns {{details: Uint8Array, sealed: Uint8Array}} sealed goes to the device
 */
export function vouchFor(
  { proto, Curve, WA_ADV_ACCOUNT_SIG_PREFIX },
  account,
  { identity, index, advSecret },
) {
  const details = proto.ADVDeviceIdentity.encode({
    rawId: randomInt(1, 2 ** 31),
    timestamp: seconds(),
    keyIndex: index,
  }).finish();
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: account.public,
    accountSignature: Curve.sign(
      account.private,
      Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, identity]),
    ),
  }).finish();
  const hmac = createHmac('sha256', Buffer.from(advSecret, 'base64')).update(signed).digest();
  return { details, sealed: proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac }).finish() };
}

/**
 * @param {Library} library
 * @param {Buffer} accountKey
 * @param {Vouched} vouched
 * @param {Uint8Array} answer what the device sent back
 * @returns {boolean} whether the device signed with its own key what the phone vouched for
 */
export function isSigned(
  { proto, Curve, WA_ADV_DEVICE_SIG_PREFIX },
  accountKey,
  { details, identity },
  answer,
) {
  const { deviceSignature } = proto.ADVSignedDeviceIdentity.decode(answer);
  const message = Buffer.concat([WA_ADV_DEVICE_SIG_PREFIX, details, identity, accountKey]);
  return Curve.verify(identity, message, deviceSignature ?? Buffer.alloc(0));
}
