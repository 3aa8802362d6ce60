import today from './today.js';

/**
 * January 2026 (wwebjs #5774, #3785): connected, 99 %, and `hasSynced` never comes.
 *
 * @type {import('../profiles.js').Traits}
 */
export default Object.freeze({ ...today, syncSignal: 'never' });
