/**
 * One JSON object a line on stdout. Never a QR text, pairing code, key or message body.
 *
 * @param {'info' | 'warning' | 'error'} level
 * @param {string} message
 * @param {Record<string, unknown>} [fields]
 */
export function log(level, message, fields = {}) {
  const line = { at: new Date().toISOString(), level, process: 'sandbox', message, ...fields };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** @param {unknown} error */
export function errorText(error) {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
