/** Faults on and off, and forgetting everything. */
import { profiles } from '../profiles.js';

const MAX_MS = 600_000;

const FAULTS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    drop_socket: { type: 'boolean' },
    refuse_connections: { type: 'boolean' },
    ack_delay_ms: { type: 'integer', minimum: 0, maximum: MAX_MS },
    lose_acks: { type: 'boolean' },
    page_hang: { type: 'boolean' },
    web_profile: { type: 'string', enum: Object.keys(profiles) },
    slow_sync: { anyOf: [{ type: 'boolean' }, { type: 'integer', minimum: 0, maximum: MAX_MS }] },
    expire_qr_ms: { type: 'integer', minimum: 0, maximum: MAX_MS },
  },
};

/**
 * @param {import('fastify').FastifyInstance} app
 * @param {import('../page_socket.js').Rooms} rooms
 */
export function faultRoutes(app, { world, faults }) {
  app.get('/faults', async () => faults.values);
  app.put('/faults', { schema: { body: FAULTS } }, async (request) =>
    faults.set(/** @type {Partial<import('../faults.js').FaultValues>} */ (request.body)),
  );
  app.post('/reset', async () => {
    world.reset();
    return faults.set({});
  });
}
