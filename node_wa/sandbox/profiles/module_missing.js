import today from './today.js';

/**
 * February 2026 (WAHA #1887): one module is gone, the script that attaches the listeners stops there, and no incoming
 * message is ever seen, while sending works.
 *
 * @type {import('../profiles.js').Traits}
 */
export default Object.freeze({ ...today, missingModules: ['WAWebCallCollection'] });
