/** Virtual phones over HTTP: making them, and what their owner does with them. */
import { LIMITS } from '../limits.js';
import { MEDIA_KINDS } from '../media.js';
import { parseNumber } from '../numbers.js';
import { Problem } from '../problems.js';
import { readQr } from '../qr_picture.js';
import { body, string } from './schema.js';

/** WhatsApp's QR texts have some 240 characters. */
const QR_LENGTH = 1_000;

/**
 * @typedef {import('fastify').FastifyInstance} App
 * @typedef {import('fastify').FastifyRequest} Request
 * @typedef {import('./app.js').ControlRooms} ControlRooms
 */

/** @typedef {{to: string, media?: string, text?: string, kind?: string, mimetype?: string, filename?: string,
 *   caption?: string, quoted_id?: string}} Letter */

/** A text, or a file in base64 with its caption. */
const LETTER = body(
  {
    to: string(20),
    text: string(LIMITS.textLength),
    kind: { enum: MEDIA_KINDS },
    media: string(LIMITS.controlBodyBytes),
    mimetype: { type: 'string', pattern: '^[\\w.+-]{1,60}/[\\w.+-]{1,60}(; ?[\\w.+-]+=[\\w.+-]+)?$' },
    filename: string(LIMITS.filenameLength),
    caption: string(LIMITS.textLength),
    quoted_id: string(100),
  },
  ['to'],
);

/** @param {string} base64 @returns {Buffer} */
function fileIn(base64) {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0) throw new Problem('invalid_body', 'media is not base64', 'media');
  if (bytes.length > LIMITS.mediaBytes) throw new Problem('invalid_body', 'media is too large', 'media');
  return bytes;
}

/** @param {Request} request */
const numberIn = (request) => parseNumber(/** @type {{number: string}} */ (request.params).number, 'number');

/**
 * @param {App} app
 * @param {ControlRooms} rooms
 */
export function phoneRoutes(app, rooms) {
  const { phones } = rooms;
  app.get('/phones', async () => phones.list());
  app.get('/phones/:number', async (request) => phones.get(numberIn(request)));
  app.put('/phones/:number', body({ name: string(LIMITS.nameLength) }), async (request) => {
    const { name } = /** @type {{name?: string}} */ (request.body);
    return phones.put(numberIn(request), name);
  });
  linkRoutes(app, rooms);
  messageRoutes(app, rooms);
}

/**
 * @param {App} app
 * @param {ControlRooms} rooms
 */
function linkRoutes(app, { phones, linking }) {
  const shown = body({ qr: string(QR_LENGTH), image: string(LIMITS.controlBodyBytes), code: string(20) });
  app.post('/phones/:number/scan', shown, async (request) => {
    const number = numberIn(request);
    phones.require(number);
    const { qr, image, code } = /** @type {{qr?: string, image?: string, code?: string}} */ (request.body);
    if ([qr, image, code].filter((given) => given !== undefined).length !== 1) {
      throw new Problem('invalid_body', 'exactly one of qr, image and code is needed', 'qr');
    }
    const { id } = code
      ? await linking.enterCode(code, number)
      : await linking.scan(qr ?? (await readQr(String(image))), number);
    return { number: `+${number}`, device: id };
  });
  app.post('/phones/:number/unlink', body({}), async (request) => ({
    unlinked: phones.unlink(numberIn(request)),
  }));
}

/**
 * @param {App} app
 * @param {ControlRooms} rooms
 */
function messageRoutes(app, { phones }) {
  app.get('/phones/:number/inbox', async (request) => phones.inbox(numberIn(request)));
  app.get('/phones/:number/chats', async (request) => phones.chats(numberIn(request)));
  app.post('/phones/:number/send', LETTER, async (request, reply) => {
    const { to, media, ...letter } = /** @type {Letter} */ (request.body);
    if (letter.text === undefined && media === undefined)
      throw new Problem('invalid_body', 'a text or a file is needed', 'text');
    const bytes = media === undefined ? undefined : fileIn(media);
    const id = phones.write(numberIn(request), parseNumber(to, 'to'), { ...letter, media: bytes });
    return reply.status(201).send({ id });
  });
  app.post('/phones/:number/read', body({ id: string(100) }), async (request) => {
    const { id } = /** @type {{id?: string}} */ (request.body);
    return { read: phones.read(numberIn(request), id) };
  });
}
