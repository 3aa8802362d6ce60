/** What changes by itself is said to those who can't see it: one politely live line at the end of every page. */

/** @param {string} text the last one counts */
export function announce(text) {
  document.getElementById('announce').textContent = text
}
