import { readdir } from 'node:fs/promises';
import { GatewayError } from './errors.js';

/** Engines are found by reading the folder: one file is one engine, its helpers stand in a folder of the same name. */

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
    found.set(engine.name, engine);
  }
  return found;
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
