import { readdir } from 'node:fs/promises';
import { GatewayError } from './errors.js';

/**
 * Engines are found by reading the folder: one file is one engine, its helpers stand in a folder of the same name. One whose
 * library is not installed is not found.
 */

const FOLDER = new URL('./engines/', import.meta.url);

/** @returns {Promise<Map<string, import('./engines/contract.js').EngineModule>>} by name */
export async function findEngines() {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.js') && file !== 'contract.js');
  const found = new Map();
  for (const file of files.sort()) {
    const engine = await import(new URL(file, FOLDER).href);
    if (
      engine.name !== file.slice(0, -3) ||
      !Array.isArray(engine.abilities) ||
      typeof engine.create !== 'function'
    ) {
      throw new Error(`engines/${file} is not an engine: it must export name, abilities and create`);
    }
    if (isInstalled(engine.library)) found.set(engine.name, engine);
  }
  return found;
}

/** @param {string | undefined} library */
function isInstalled(library) {
  if (!library) return true;
  try {
    import.meta.resolve(library);
    return true;
  } catch (error) {
    if (/** @type {any} */ (error).code === 'ERR_MODULE_NOT_FOUND') return false;
    throw error;
  }
}

/**
 * What kind of host runs it: sessions share one with those of the same kind only.
 * @param {import('./engines/contract.js').EngineModule} engine
 * @param {'live' | 'sandbox'} network
 * @param {number} perHost of engines that don't say
 * @returns {import('./hosts.js').Kind}
 */
export function kindOf({ name, hosting = {} }, network, perHost) {
  const kind = hosting.perNetwork ? `${name}-${network}` : name;
  return {
    name: kind,
    engine: name,
    perHost: hosting.perHost ?? perHost,
    heap: hosting.heap ?? null,
    isShared: hosting.perHost !== undefined,
  };
}

/**
 * @param {Map<string, import('./engines/contract.js').EngineModule>} engines
 * @param {string} name
 */
export function engineNamed(engines, name) {
  const engine = engines.get(name);
  if (!engine) throw new GatewayError('unknown_engine', `there is no engine ${JSON.stringify(name)}`);
  return engine;
}
