/**
 * WhatsApp Web as of late 2026. Message keys carry their text in `$1` (July 2026: wwebjs #201857, #201901, OpenWA #757),
 * people are addressed by LID (since mid 2025: wwebjs #3919, wa-js #2816), and `sendSeen` throws (January 2026: wwebjs #5718).
 *
 * @type {import('../profiles.js').Traits}
 */
export default Object.freeze({
  version: '2.3000.1035120482',
  keyField: '$1',
  addressing: 'lid',
  seen: 'throws',
  sentIndex: 'same',
  sentId: 'given',
  syncSignal: 'normal',
  missingModules: [],
});
