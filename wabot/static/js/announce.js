/** Tells screen readers about changes the user did not cause: one polite live region at the end of every page. */

/** @param {string} text replaces the one before */
export function announce(text) {
  document.getElementById('announce').textContent = text;
}
