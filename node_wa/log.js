import { pino } from 'pino';

/**
 * One JSON object a line on stdout. Whatever is logged by one of these names is struck out: a QR text or a code links an
 * account, a body is somebody's letter.
 */
const SECRET = ['qr', 'pairing_code', 'body', 'secret', 'authorization', 'text', 'message.body'];

/**
 * @param {string} name the process: gateway, host
 * @returns {import('pino').Logger}
 */
export function makeLog(name) {
  return pino({
    name,
    level: process.env.LOG_LEVEL || 'info',
    base: { name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: SECRET.flatMap((key) => (key.includes('.') ? [key] : [key, `*.${key}`])),
      censor: '[hidden]',
    },
    serializers: { err: brief },
  });
}

/**
 * An error for the log: what and where, cut short. Texts from a page may be long and are never trusted.
 * @param {any} error
 */
export function brief(error) {
  if (!(error instanceof Error)) return { message: String(error?.message ?? error).slice(0, 200) };
  const code = /** @type {any} */ (error).code;
  return { type: error.name, ...(code ? { code } : {}), message: error.message.split('\n')[0].slice(0, 200) };
}
