import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import fastify from 'fastify';
import { engineNamed } from './engines.js';
import { GatewayError, problem } from './errors.js';
import { brief } from './log.js';
import * as schemas from './schemas.js';
import { sendInOrder } from './send_in_order.js';

/** The gateway's calls (docs/internals.md). Thin: read, ask the sessions, answer. */

const TEXT_BYTES = 12 * 65_536; // the longest text, in emoji: Python's json escapes each as two surrogates of six bytes
const BODY_LIMIT = TEXT_BYTES + 4 * 1024; // the other fields of a message have a few hundred bytes
const BATCH_LIMIT = 25 * BODY_LIMIT;
const CONNECTION_MS = 120_000; // it ends calls being worked on, too: more than web's longest deadline (wabot/lib/gateway.py)
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * @typedef {object} Parts
 * @property {import('./sessions.js').Sessions} sessions
 * @property {import('./versions.js').Versions} versions
 * @property {Map<string, import('./engines/contract.js').EngineModule>} engines
 * @property {import('./hosts.js').Hosts} hosts
 * @property {() => boolean} isBackedUp
 * @property {import('./config.js').Config} config
 * @property {import('pino').Logger} log
 */

/** @param {Parts} parts */
export function makeHttp(parts) {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestIdHeader: false,
    genReqId: ({ headers }) => knownId(headers['x-request-id']) ?? randomUUID(),
    connectionTimeout: CONNECTION_MS,
    keepAliveTimeout: 75_000,
    forceCloseConnections: true,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
  });
  app.addHook('onRequest', guard(parts.config.gatewaySecret));
  app.addHook('onResponse', accessLog(parts.log));
  app.setErrorHandler((error, request, reply) => answerError(parts.log, error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    answerError(parts.log, new GatewayError('not_found'), request, reply),
  );
  statusRoutes(app, parts);
  sessionRoutes(app, parts);
  messageRoutes(app, parts);
  return app;
}

/** @param {unknown} value */
const knownId = (value) => (typeof value === 'string' && REQUEST_ID.test(value) ? value : undefined);

/** Compared as digests: in constant time, whatever the length. @param {string} secret */
function guard(secret) {
  const digest = (/** @type {string} */ text) => createHash('sha256').update(text).digest();
  const wanted = digest(`Bearer ${secret}`);
  return async (/** @type {import('fastify').FastifyRequest} */ request) => {
    if (request.routeOptions.url === '/healthz') return;
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), wanted))
      throw new GatewayError('unauthorized');
  };
}

/** The route, never the address as it came: one line a call that changes something. @param {import('pino').Logger} log */
function accessLog(log) {
  return async (
    /** @type {import('fastify').FastifyRequest} */ request,
    /** @type {import('fastify').FastifyReply} */ reply,
  ) => {
    const { method, id, params } = request;
    const session = /** @type {any} */ (params)?.id;
    const ms = Math.round(reply.elapsedTime * 10) / 10;
    const level = method === 'GET' && reply.statusCode < 400 ? 'debug' : 'info';
    log[level](
      { method, route: request.routeOptions.url, session, status: reply.statusCode, ms, correlation_id: id },
      'request',
    );
  };
}

/** What fastify itself refuses, as codes of ours. @type {Record<string, string>} */
const REFUSED = {
  FST_ERR_VALIDATION: 'invalid_body',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'bad_request',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'bad_request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad_request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'bad_request',
};

/**
 * @param {import('pino').Logger} log
 * @param {any} error
 * @param {import('fastify').FastifyRequest} request
 * @param {import('fastify').FastifyReply} reply
 */
function answerError(log, error, request, reply) {
  const known =
    error instanceof GatewayError
      ? error
      : new GatewayError(REFUSED[error.code] ?? (error.statusCode === 400 ? 'bad_request' : 'internal'));
  if (error.code === 'FST_ERR_VALIDATION')
    known.detail = `${error.validationContext}${error.message.replace(/^\S+/, '')}`.slice(0, 200);
  if (known.status >= 500 && known.code === 'internal')
    log.error({ err: brief(error), correlation_id: request.id }, 'call failed');
  const body = problem(known, request.id);
  return reply.code(body.status).type('application/problem+json').send(body);
}

/** @param {import('fastify').FastifyInstance} app @param {Parts} parts */
function statusRoutes(app, { sessions, versions, engines, hosts }) {
  const started_at = new Date().toISOString();
  app.get('/healthz', async () => ({ ok: true, pid: process.pid, started_at, hosts: hosts.list() }));
  app.get('/engines', async () => ({
    items: [...engines.values()].map(({ name, abilities, experimental = false, hosting }) => ({
      name,
      abilities,
      experimental,
      light: hosting !== undefined,
    })),
  }));
  app.get('/versions', async () => ({ items: versions.list() }));
  app.get('/sessions', async () => ({ items: sessions.list() }));
}

/** @param {import('fastify').FastifyInstance} app @param {Parts} parts */
function sessionRoutes(app, { sessions, engines, config }) {
  const { params } = schemas;
  app.get('/sessions/:id', { schema: { params } }, async (request) => sessions.get(idOf(request)).snapshot());
  app.put('/sessions/:id', { schema: { params, body: schemas.start } }, async (request, reply) => {
    const order = orderOf(request);
    checkOrder(order, engineNamed(engines, order.engine), config.engine.baileys.live);
    return reply.code(202).send(sessions.put(idOf(request), order));
  });
  app.post('/sessions/:id/logout', { schema: { params, body: schemas.logout } }, async (request) => {
    const order = { ...orderOf(request), method: /** @type {const} */ ('qr'), phone: null };
    return sessions.logout(idOf(request), order);
  });
  app.post('/sessions/:id/stop', { schema: { params, body: schemas.stop } }, async (request) =>
    sessions.stop(idOf(request), /** @type {any} */ (request.body).epoch),
  );
}

/** @param {import('fastify').FastifyInstance} app @param {Parts} parts */
function messageRoutes(app, { sessions, isBackedUp }) {
  const { params } = schemas;
  const batch = { bodyLimit: BATCH_LIMIT, schema: { params, body: schemas.batch } };
  app.post('/sessions/:id/batches', batch, async (request) => {
    if (isBackedUp()) throw new GatewayError('journal_full');
    return { results: await sendInOrder(sessions.get(idOf(request)), /** @type {any} */ (request.body)) };
  });
  app.post('/sessions/:id/find', { schema: { params, body: schemas.find } }, async (request) =>
    sessions.get(idOf(request)).find(/** @type {any} */ (request.body)),
  );
  app.post('/sessions/:id/check', { schema: { params, body: schemas.check } }, async (request) =>
    sessions.get(idOf(request)).check(/** @type {any} */ (request.body)),
  );
  app.post('/sessions/:id/media', { schema: { params, body: schemas.media } }, async (request) =>
    sessions.get(idOf(request)).media(/** @type {any} */ (request.body)),
  );
  app.post('/sessions/:id/seen', { schema: { params, body: schemas.seen } }, async (request) =>
    sessions.get(idOf(request)).seen(/** @type {any} */ (request.body)),
  );
}

/** @param {import('fastify').FastifyRequest} request @returns {string} */
const idOf = (request) => /** @type {any} */ (request.params).id;

/** @param {import('fastify').FastifyRequest} request @returns {import('./session.js').Order} */
const orderOf = (request) => ({ .../** @type {any} */ (request.body), correlation: request.id });

/**
 * @param {import('./session.js').Order} order
 * @param {import('./engines/contract.js').EngineModule} engine
 * @param {boolean} allowed what is experimental may go live
 */
function checkOrder({ method, phone, network }, engine, allowed) {
  if (engine.experimental && network === 'live' && !allowed) throw new GatewayError('engine_not_allowed');
  if (method === 'code' && !phone) throw new GatewayError('invalid_body', 'method code needs a phone');
  if (!engine.abilities.includes(method === 'code' ? 'pairing_code' : 'qr'))
    throw new GatewayError('not_supported_by_engine');
}
