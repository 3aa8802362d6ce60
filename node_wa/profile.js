import { mkdirSync, readFileSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { GatewayError } from './errors.js';
import { writeAside } from './lib/write_aside.js';

/**
 * What is kept of one session: `gateway/profiles/<network>/<session id>/`, which belongs to its engine but for one file,
 * `linked.json`: that a login is stored, for whom, and until when the session was known to be online. The network is part of
 * the path, so a login of the sandbox can't be opened on the live network or the other way round.
 */

/** @typedef {{engine: string, phone: string | null, push_name: string | null, online_at: number}} Login `online_at` in epoch ms */

const SESSION_ID = /^[A-Za-z0-9_-]{1,64}$/;

export class Profile {
  /** @param {string} root the gateway's directory @param {string} network @param {string} id */
  constructor(root, network, id) {
    if (!SESSION_ID.test(id))
      throw new GatewayError('invalid_body', 'a session id is 1 to 64 of A-Z a-z 0-9 _ -');
    this.directory = path.join(root, 'profiles', network, id);
    this.file = path.join(this.directory, 'linked.json');
  }

  make() {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
  }

  /** Makes the directory too. @param {string} engine @returns {Login | null} */
  login(engine) {
    this.make();
    try {
      const login = JSON.parse(readFileSync(this.file, 'utf8'));
      return login.engine === engine ? login : null;
    } catch (error) {
      if (/** @type {any} */ (error).code === 'ENOENT' || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  /** @param {Login} login */
  async keep(login) {
    await writeAside(this.file, JSON.stringify(login));
  }

  /** Only after the engine's processes have exited: a live browser would write parts of it anew. */
  async wipe() {
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    const left = await stat(this.directory).catch(() => null); // missing is what we want
    if (left) throw new GatewayError('internal', 'the profile could not be deleted');
  }
}
