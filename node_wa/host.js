import { engineNamed, findEngines } from './engines.js';
import { coded, GatewayError } from './errors.js';
import { brief, makeLog } from './log.js';

/**
 * A host: a child process of the gateway that runs engines, so that neither their weight nor their death is the gateway's.
 *
 *   gateway → host   {n, run, method, args}          `create` makes the engine of that run, every other method is its own
 *   host → gateway   {n, value} | {n, error: {code, detail}} | {run, event, data}
 *   host → gateway   {ask, run, what, args}          a question of that run's engine
 *   gateway → host   {ask, value} | {ask, error}
 *
 * A host never outlives its gateway: when the pipe breaks it exits at once, and its browsers, held by a pipe too, go with it.
 */

const ANSWER_MS = 30_000;

const log = makeLog('host');
const engines = await findEngines();
/** @type {Map<string, import('./engines/contract.js').Engine>} by run */
const running = new Map();

/** @param {object} message */
function tell(message) {
  if (process.connected) process.send?.(message, undefined, undefined, (error) => error && process.exit(0));
}

/** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void, timer: NodeJS.Timeout}>} */
const questions = new Map();
let asked = 0;

/** @param {string} run @param {string} what @param {object} args @returns {Promise<any>} */
function ask(run, what, args) {
  asked += 1;
  const n = asked;
  return new Promise((resolve, reject) => {
    const late = () => answered({ ask: n, error: { code: 'deadline', detail: `${what} was not answered` } });
    questions.set(n, { resolve, reject, timer: setTimeout(late, ANSWER_MS) });
    tell({ ask: n, run, what, args });
  });
}

/** @param {{ask: number, value?: any, error?: {code: string, detail: string}}} answer */
function answered({ ask: n, value, error }) {
  const question = questions.get(n);
  if (!question) return;
  questions.delete(n);
  clearTimeout(question.timer);
  if (error) question.reject(new GatewayError(error.code, error.detail));
  else question.resolve(value);
}

/** @param {string} run @param {any} options */
function create(run, { engine, ...options }) {
  /** @param {string} event @param {object} data */
  const emit = (event, data) => tell({ run, event, data });
  const session = options.session;
  running.set(
    run,
    engineNamed(engines, engine).create({
      ...options,
      emit,
      ask: (what, args) => ask(run, what, args),
      log: log.child({ session, run }),
    }),
  );
}

const METHODS = [
  'start',
  'stop',
  'logout',
  'send',
  'find',
  'state',
  'checkNumber',
  'selfCheck',
  'media',
  'seen',
];

/** @param {string} run @param {string} method @param {any} args */
async function perform(run, method, args) {
  if (method === 'ping') return null;
  if (method === 'create') return create(run, args);
  const engine = running.get(run);
  if (!engine || !METHODS.includes(method))
    throw new GatewayError('session_not_connected', 'no such engine here');
  if (typeof (/** @type {any} */ (engine)[method]) !== 'function')
    throw new GatewayError('not_supported_by_engine');
  if (method === 'stop' || method === 'logout') running.delete(run);
  return /** @type {any} */ (engine)[method](args);
}

process.on('message', async (/** @type {any} */ { n, run, method, args, ...answer }) => {
  if (n === undefined) return answered(/** @type {any} */ (answer));
  try {
    tell({ n, value: (await perform(run, method, args)) ?? null });
  } catch (error) {
    // Nobody foresaw it, so nobody can say that nothing went out.
    const { code, detail } = coded(error, method === 'send' ? 'outcome_unknown' : 'engine_error');
    tell({ n, error: { code, detail } });
  }
});

process.on('disconnect', () => process.exit(0));
// The gateway alone decides when a host stops; a signal to the whole group must not cut a session's orderly end short.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
  process.on(signal, () => log.debug({ signal }, 'left to the gateway'));
// The library leaves promises unhandled when a page goes away under it; the session notices by its own means.
process.on('unhandledRejection', (error) =>
  log.warn({ err: brief(error) }, 'a promise of the library failed'),
);

// A library that throws in one of its timers concerns one session, which notices by its own means; this process may run a hundred.
process.on('uncaughtException', (error) => log.error({ err: brief(error) }, 'the library failed in a timer'));

await engines.get(process.argv[2])?.preload?.(log);
