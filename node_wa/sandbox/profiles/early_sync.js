import today from './today.js';

/**
 * September 2025 (wwebjs #3747): `hasSynced` is set before anybody can listen for it.
 *
 * @type {import('../profiles.js').Traits}
 */
export default Object.freeze({ ...today, syncSignal: 'early' });
