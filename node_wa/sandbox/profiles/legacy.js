import today from './today.js';

/**
 * WhatsApp Web before mid 2025: numbers as addresses, keys with `_serialized`, a `sendSeen` that works.
 *
 * @type {import('../profiles.js').Traits}
 */
export default Object.freeze({
  ...today,
  version: '2.3000.1019482671',
  keyField: '_serialized',
  addressing: 'pn',
  seen: 'works',
});
