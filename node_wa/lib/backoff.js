/**
 * How long to wait before the next attempt: doubling from `min` to `max` ms, shortened by up to half at random so that
 * many that failed together do not come back together.
 * @param {number} failures in a row, 1 for the first
 * @param {{min: number, max: number}} limits ms
 * @returns {number} ms
 */
export function backoff(failures, { min, max }) {
  const full = Math.min(max, min * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (0.5 + Math.random() / 2));
}
