/**
 * Every error this gateway answers with, in one place: code → HTTP status, title, and whether a message may have left.
 *
 *   GatewayError            a coded error; `code` is a key of CATALOGUE
 *
 * Codes travel over the pipe between gateway and host as `{code, detail}` and come out as the same error.
 */

/** @type {Record<string, {status: number, title: string}>} */
export const CATALOGUE = {
  bad_request: { status: 400, title: 'The request could not be read' },
  unauthorized: { status: 401, title: 'The gateway secret is missing or wrong' },
  not_found: { status: 404, title: 'No such call' },
  session_not_found: { status: 404, title: 'This gateway does not hold that session' },
  session_not_connected: { status: 409, title: 'The session is not connected; nothing was handed over' },
  stale_epoch: { status: 409, title: 'A newer lease holds this session' },
  stale_claim: { status: 409, title: 'Another worker serves this session by now; nothing was handed over' },
  body_too_large: { status: 413, title: 'The body is too large' },
  invalid_body: { status: 422, title: 'The body does not have the agreed shape' },
  unknown_engine: { status: 422, title: 'There is no such engine' },
  not_on_whatsapp: { status: 422, title: 'The number is not on WhatsApp' },
  busy: { status: 429, title: 'Too many messages wait for this session; nothing was handed over' },
  engine_not_allowed: { status: 403, title: 'This engine is not allowed on the live network' },
  login_damaged: { status: 500, title: 'The stored login can not be read' },
  media_gone: { status: 410, title: 'WhatsApp does not have this file any more' },
  media_too_large: { status: 422, title: 'The file is larger than is taken' },
  media_unavailable: { status: 502, title: 'The file could not be fetched' },
  internal: { status: 500, title: 'The gateway failed' },
  not_supported_by_engine: { status: 501, title: 'Not supported by this engine' },
  engine_error: { status: 502, title: 'The engine refused; nothing went out' },
  shutting_down: { status: 503, title: 'The gateway is shutting down' },
  database_away: { status: 503, title: 'The database does not answer' },
  journal_full: { status: 503, title: 'Too many events wait to be stored; nothing was handed over' },
  outcome_unknown: { status: 504, title: 'The message may have gone out' },
};

/** A coded error. `detail` is one sentence for a person, without anything secret. */
export class GatewayError extends Error {
  /**
   * @param {string} code a key of CATALOGUE, or a reason code of a session
   * @param {string} [detail]
   */
  constructor(code, detail) {
    super(detail || CATALOGUE[code]?.title || code);
    this.name = 'GatewayError';
    this.code = code;
    this.detail = detail || '';
  }

  get status() {
    return CATALOGUE[this.code]?.status ?? 500;
  }
}

/**
 * Any thrown thing as a coded error; what nobody foresaw becomes `fallback`.
 * @param {unknown} error
 * @param {string} [fallback]
 * @returns {GatewayError}
 */
export function coded(error, fallback = 'internal') {
  if (error instanceof GatewayError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new GatewayError(fallback, text.split('\n')[0].slice(0, 200));
}

/**
 * RFC 9457 problem details.
 * @param {GatewayError} error
 * @param {string} requestId
 */
export function problem(error, requestId) {
  const known = CATALOGUE[error.code] ? error : new GatewayError('engine_error', error.detail || error.code);
  const { status, title } = CATALOGUE[known.code];
  return {
    type: `urn:wabot:gateway:${known.code}`,
    title,
    status,
    code: known.code,
    detail: known.detail,
    request_id: requestId,
  };
}
