/**
 * The control API: what a tester, or wabot's own /sandbox page through the server, tells the virtual phones. It has no
 * login, so it takes no request that a web page could have caused: none with an `Origin`, none for another host name.
 */
import Fastify from 'fastify';
import { LIMITS } from '../limits.js';
import { errorText, log } from '../log.js';
import { Problem } from '../problems.js';
import { faultRoutes } from './faults.js';
import { phoneRoutes } from './phones.js';

const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/i;

/**
 * @typedef {import('../page_socket.js').Rooms & {phones: import('../phones.js').Phones}} ControlRooms
 * @typedef {import('fastify').FastifyError} FastifyError
 */

/** @param {ControlRooms} rooms */
export function controlApp(rooms) {
  const app = Fastify({
    bodyLimit: LIMITS.controlBodyBytes,
    forceCloseConnections: true,
    requestTimeout: 30_000,
    genReqId: () => crypto.randomUUID(),
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
  });
  app.server.maxConnections = LIMITS.sockets;
  app.addHook('onRequest', async (request) => {
    if (request.headers.origin !== undefined) throw new Problem('origin_refused');
    if (!LOOPBACK.test(request.headers.host ?? '')) throw new Problem('host_refused');
  });
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, parseJson);
  app.setErrorHandler((error, request, reply) =>
    answerProblem(/** @type {FastifyError} */ (error), request, reply),
  );
  app.setNotFoundHandler(() => {
    throw new Problem('not_found');
  });
  app.get('/healthz', async () => ({
    ok: true,
    pid: process.pid,
    devices_online: rooms.world.onlineDevices,
  }));
  phoneRoutes(app, rooms);
  faultRoutes(app, rooms);
  return app;
}

/**
 * An empty body is an empty object: clients send the JSON content type out of habit.
 *
 * @param {unknown} _request
 * @param {string | Buffer} text
 */
async function parseJson(_request, text) {
  if (text.length === 0) return {};
  try {
    return JSON.parse(String(text));
  } catch {
    throw new Problem('invalid_body', 'the body is not JSON');
  }
}

/**
 * @param {FastifyError | Problem} error
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 */
function answerProblem(error, request, reply) {
  const { status, title, code, field } = asProblem(error);
  if (status >= 500) log('error', 'a request failed', { request_id: request.id, error: errorText(error) });
  const body = {
    type: 'about:blank',
    title,
    status,
    code,
    detail: status < 500 ? error.message : title,
    field,
  };
  return reply
    .status(status)
    .type('application/problem+json')
    .send({ ...body, request_id: request.id });
}

/**
 * @param {FastifyError | Problem} error
 * @returns {{status: number, title: string, code: string, field?: string}}
 */
function asProblem(error) {
  if (error instanceof Problem) return error;
  if (error.validation) {
    const [{ instancePath, params }] = error.validation;
    const named = params.additionalProperty ?? params.missingProperty;
    const field = String(named ?? instancePath.slice(1)) || undefined;
    return { status: 422, title: 'The request body is not valid', code: 'invalid_body', field };
  }
  const status = error.statusCode ?? 500;
  if (status >= 500) return { status, title: 'Something went wrong in the sandbox', code: 'internal_error' };
  return { status, title: error.message, code: status === 413 ? 'body_too_large' : 'bad_request' };
}
