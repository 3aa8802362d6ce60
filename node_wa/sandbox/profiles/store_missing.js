import today from './today.js';

/**
 * September 2026 (wwebjs #201919): the stores never appear; everything sticks after "authenticated".
 *
 * @type {import('../profiles.js').Traits}
 */
export default Object.freeze({ ...today, missingModules: ['WAWebCollections'] });
