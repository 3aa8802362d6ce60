import today from './today.js';

/**
 * 2026 (wwebjs #201839): a sent message is found under the contact's other address only, so `sendMessage` gives
 * `undefined` although the message went out.
 *
 * @type {import('../profiles.js').Traits}
 */
export default Object.freeze({ ...today, sentIndex: 'other' });
