/** Virtual phones: making them, and what their owner does with them. */
import { LIMITS } from '../limits.js';
import { parseNumber } from '../numbers.js';
import { Problem } from '../problems.js';
import { readQr } from '../qr_picture.js';

/** WhatsApp's QR texts have some 240 characters. */
const QR_LENGTH = 1_000;

/**
 * @typedef {import('fastify').FastifyInstance} App
 * @typedef {import('fastify').FastifyRequest} Request
 * @typedef {import('../page_socket.js').Rooms} Rooms
 */

/** @param {Record<string, unknown>} properties @param {string[]} [required] */
const body = (properties, required = []) => ({
  schema: { body: { type: 'object', properties, required, additionalProperties: false } },
  // Fastify checks no body that isn't there; an absent one is checked as an empty one.
  preValidation: async (/** @type {Request} */ request) => {
    request.body ??= {};
  },
});

/** @param {number} maxLength */
const string = (maxLength) => ({ type: 'string', minLength: 1, maxLength });

/** @param {Request} request */
const numberIn = (request) => parseNumber(/** @type {{number: string}} */ (request.params).number, 'number');

/**
 * @param {App} app
 * @param {Rooms} rooms
 */
export function phoneRoutes(app, rooms) {
  const { world } = rooms;
  app.get('/phones', async () => world.phones());
  app.get('/phones/:number', async (request) => world.phone(numberIn(request)));
  app.put('/phones/:number', body({ name: string(LIMITS.nameLength) }), async (request) => {
    const { name } = /** @type {{name?: string}} */ (request.body);
    return world.putPhone(numberIn(request), name);
  });
  linkRoutes(app, rooms);
  messageRoutes(app, rooms);
}

/**
 * @param {App} app
 * @param {Rooms} rooms
 */
function linkRoutes(app, { world, linking }) {
  const scan = body({ qr: string(QR_LENGTH), image: string(LIMITS.controlBodyBytes), code: string(20) });
  app.post('/phones/:number/scan', scan, async (request) => {
    const number = numberIn(request);
    world.phone(number);
    const { qr, image, code } = /** @type {{qr?: string, image?: string, code?: string}} */ (request.body);
    if ([qr, image, code].filter((given) => given !== undefined).length !== 1) {
      throw new Problem('invalid_body', 'exactly one of qr, image and code is needed', 'qr');
    }
    const { id } = code
      ? await linking.enterCode(code, number)
      : await linking.scan(qr ?? (await readQr(/** @type {string} */ (image))), number);
    return { number: `+${number}`, device: id };
  });
  app.post('/phones/:number/unlink', body({}), async (request) => ({
    unlinked: world.unlinkAll(numberIn(request)),
  }));
}

/**
 * @param {App} app
 * @param {Rooms} rooms
 */
function messageRoutes(app, { world }) {
  app.get('/phones/:number/inbox', async (request) => world.inbox(numberIn(request)));
  app.get('/phones/:number/chats', async (request) => chatsOf(world, numberIn(request)));
  const send = body({ to: string(20), text: string(LIMITS.textLength) }, ['to', 'text']);
  app.post('/phones/:number/send', send, async (request, reply) => {
    const { to, text } = /** @type {{to: string, text: string}} */ (request.body);
    const id = world.write(numberIn(request), parseNumber(to, 'to'), text);
    return reply.status(201).send({ id });
  });
  app.post('/phones/:number/read', body({ id: string(100) }), async (request) => {
    const { id } = /** @type {{id?: string}} */ (request.body);
    return { read: world.read(numberIn(request), id) };
  });
}

/**
 * @param {import('../world.js').World} world
 * @param {string} number
 */
function chatsOf(world, number) {
  world.phone(number);
  return world.chats(number).map((chat) => ({
    with: `+${chat.with}`,
    name: chat.name,
    unread: chat.unread,
    messages: chat.messages.map(({ id, from, body, at, ack }) => ({
      id,
      from_me: from === number,
      body,
      at,
      ack,
    })),
  }));
}
