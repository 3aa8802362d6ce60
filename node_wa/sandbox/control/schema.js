/** What the routes say about their bodies. Unknown fields are refused, and an absent body is an empty one. */

/**
 * @param {Record<string, unknown>} properties
 * @param {string[]} [required]
 */
export const body = (properties, required = []) => ({
  schema: { body: { type: 'object', properties, required, additionalProperties: false } },
  preValidation: async (/** @type {import('fastify').FastifyRequest} */ request) => {
    request.body ??= {};
  },
});

/** @param {number} maxLength */
export const string = (maxLength) => ({ type: 'string', minLength: 1, maxLength });

/** @param {number} maximum */
export const count = (maximum) => ({ type: 'integer', minimum: 0, maximum });

/** @param {number} maximum */
export const milliseconds = (maximum) => ({ type: 'integer', minimum: 0, maximum });
