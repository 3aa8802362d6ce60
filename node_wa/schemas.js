/** The shapes of the bodies, as JSON schemas; docs/internals.md says what they mean. Unknown fields are refused. */

const epoch = { type: 'integer', minimum: 0 };
const network = { enum: ['live', 'sandbox'] };
const engine = { type: 'string', minLength: 1, maxLength: 40 };
const phone = { type: 'string', pattern: '^\\+[1-9][0-9]{5,15}$' };
const text = { type: 'string', minLength: 1, maxLength: 65536 };
const messageId = { type: 'string', pattern: '^[0-9A-F]{16,40}$' };
const time = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$',
};

/** @param {Record<string, object>} properties @param {string[]} [optional] */
function exactly(properties, optional = []) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', additionalProperties: false, properties, required };
}

const claim = exactly({ epoch, until: time });

export const start = exactly({
  engine,
  network,
  method: { enum: ['qr', 'code'] },
  phone: { anyOf: [phone, { type: 'null' }] },
  epoch,
});
export const logout = exactly({ epoch, network, engine });
export const stop = exactly({ epoch });
/** @typedef {{id: string, to: string, body: string, wa_message_id: string, correlation_id: string}} Outgoing of a batch */
export const batch = exactly({
  epoch,
  claim,
  messages: {
    type: 'array',
    minItems: 1,
    maxItems: 25,
    items: exactly({
      id: { type: 'string', minLength: 1, maxLength: 64 },
      to: phone,
      body: text,
      wa_message_id: messageId,
      correlation_id: { type: 'string', maxLength: 128 },
    }),
  },
});
export const find = exactly({ claim, wa_message_id: messageId, to: phone, body: text, since: time });
export const check = exactly({ phone });
const party = exactly({
  phone: { anyOf: [phone, { type: 'null' }] },
  lid: { anyOf: [{ type: 'string', pattern: '^[0-9]{1,20}@lid$' }, { type: 'null' }] },
});
export const media = exactly({
  wa_message_id: { type: 'string', pattern: '^[0-9A-Za-z]{8,64}$' },
  chat: party,
  from_me: { type: 'boolean' },
  max_bytes: { type: 'integer', minimum: 1, maximum: 2 ** 30 },
});
export const seen = exactly({ chat: party });
export const params = exactly({ id: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' } });
