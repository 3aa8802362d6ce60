/** Virtual phones over HTTP: making them, and what their owner does with them. */
import { LIMITS } from '../limits.js';
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
  const message = body({ to: string(20), text: string(LIMITS.textLength) }, ['to', 'text']);
  app.post('/phones/:number/send', message, async (request, reply) => {
    const { to, text } = /** @type {{to: string, text: string}} */ (request.body);
    const id = phones.write(numberIn(request), parseNumber(to, 'to'), text);
    return reply.status(201).send({ id });
  });
  app.post('/phones/:number/read', body({ id: string(100) }), async (request) => {
    const { id } = /** @type {{id?: string}} */ (request.body);
    return { read: phones.read(numberIn(request), id) };
  });
}
