/** Faults on and off, and forgetting everything. */
import { profiles } from '../profiles.js';
import { body, count, milliseconds } from './schema.js';

const MAX_MS = 600_000;
/** Every late tick is a timer. */
const MAX_TICK_DELAY_MS = 60_000;
const MAX_REPEATS = 20;

const FAULTS = {
  drop_socket: { type: 'boolean' },
  refuse_connections: { type: 'boolean' },
  ack_delay_ms: milliseconds(MAX_TICK_DELAY_MS),
  lose_acks: { type: 'boolean' },
  page_hang: { type: 'boolean' },
  web_profile: { type: 'string', enum: Object.keys(profiles) },
  lose_media: { type: 'boolean' },
  media_delay_ms: milliseconds(MAX_TICK_DELAY_MS),
  hide_numbers: { type: 'boolean' },
  slow_sync: { anyOf: [{ type: 'boolean' }, milliseconds(MAX_MS)] },
  expire_qr_ms: milliseconds(MAX_MS),
  stall_stanza: { type: 'string', maxLength: 60 },
  damage_message: { anyOf: [{ type: 'boolean' }, count(MAX_REPEATS)] },
  replay_message: { type: 'boolean' },
  ask_again: count(MAX_REPEATS),
  replace_login: { type: 'boolean' },
  refuse_login: { type: 'integer', enum: [0, 401, 403, 405, 406, 409, 419, 500, 503, 515] },
};

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./app.js').ControlRooms} rooms
 */
export function faultRoutes(app, { world, faults, media }) {
  app.get('/faults', async () => faults.values);
  app.put('/faults', body(FAULTS), async (request) =>
    faults.set(/** @type {Partial<import('../faults.js').FaultValues>} */ (request.body)),
  );
  app.post('/reset', body({}), async () => {
    world.reset();
    media.clear();
    return faults.set({});
  });
}
