/** Keeps parts of a page up to date while somebody is looking at it; the page says so when that fails. */
import { calmly, refresh } from './refresh.js';

const EVERY_MS = 2000;

/**
 * @param {string[]} ids the parts
 * @param {string} url answers with their newest rendering
 * @param {number} [every] milliseconds
 */
export function keepCurrent(ids, url = location.href, every = EVERY_MS) {
  const update = calmly(() => refresh(ids, { url }), 0);
  setInterval(() => {
    if (!document.hidden) update();
  }, every);
}
