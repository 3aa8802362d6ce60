/** Every call of a page to the server has a deadline: no answer is an answer, too. A conversation's 95 kB may come over the slowest of phones. */
const WITHIN_MS = 30_000;

/**
 * `fetch`, which waits for ever.
 * @param {string} url @param {RequestInit} [options] @param {number} [within] milliseconds, for the answer with its body
 * @throws {DOMException} TimeoutError, also from reading the body
 */
export const ask = (url, options = {}, within = WITHIN_MS) =>
  fetch(url, { ...options, signal: AbortSignal.timeout(within) });
