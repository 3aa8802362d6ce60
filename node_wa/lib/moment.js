const DAY_MS = 24 * 3600 * 1000;

/**
 * WhatsApp's time of something, which may be missing or absurd: then it is now.
 * @param {unknown} seconds since the epoch
 * @returns {string} RFC 3339
 */
export function momentOf(seconds) {
  const ms = Number(seconds) * 1000;
  return new Date(ms > 0 && ms < Date.now() + DAY_MS ? ms : Date.now()).toISOString();
}
