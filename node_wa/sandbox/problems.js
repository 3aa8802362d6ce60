/**
 * Coded errors of the sandbox. Everything thrown on purpose is a `Problem`; the control API answers it as
 * RFC 9457 `application/problem+json`.
 */

/** Status and title of each code. */
const CATALOGUE = Object.freeze(
  /** @satisfies {Record<string, [number, string]>} */ ({
    invalid_body: [422, 'The request body is not valid'],
    invalid_number: [422, 'Not a possible phone number'],
    phone_not_found: [404, 'No such phone'],
    message_not_found: [404, 'No such message in the inbox of this phone'],
    too_many_phones: [409, 'No more phones can be made'],
    too_many_devices: [409, 'This phone has no room for another linked device'],
    qr_unreadable: [422, 'No QR code could be read in the picture'],
    too_many_pictures: [429, 'Too many pictures at once'],
    qr_foreign: [409, 'This QR code was not made by this sandbox, or not for linking'],
    qr_stale: [409, 'This QR code is no longer valid'],
    code_foreign: [409, 'No device asks to be linked with this code to this number'],
    code_stale: [409, 'This pairing code is no longer valid'],
    device_gone: [409, 'The device went away before it was linked'],
    origin_refused: [403, 'Requests from web pages are refused'],
    host_refused: [403, 'Only loopback host names are answered'],
    not_found: [404, 'Not found'],
  }),
);

/** @typedef {keyof typeof CATALOGUE} ProblemCode */

export class Problem extends Error {
  /**
   * @param {ProblemCode} code
   * @param {string} [detail]
   * @param {string} [field] the field of the body or path that is at fault
   */
  constructor(code, detail, field) {
    super(detail ?? CATALOGUE[code][1]);
    this.code = code;
    this.status = CATALOGUE[code][0];
    this.title = CATALOGUE[code][1];
    this.field = field;
  }
}
