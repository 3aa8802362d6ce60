/**
 * The WhatsApp Webs that the sandbox can show: one file in `profiles/` each, found by reading the folder. A profile is a
 * set of traits; the page (`page/`) behaves by them.
 */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * @typedef {object} Traits
 * @property {string} version what `Debug.VERSION` says
 * @property {'$1' | '_serialized'} keyField where a message key carries its text
 * @property {'lid' | 'pn'} addressing how people are addressed
 * @property {'throws' | 'works'} seen what `sendSeen` does
 * @property {'same' | 'other'} sentIndex under which address of the contact a sent message is found
 * @property {'given' | 'own'} sentId whether a sent message keeps the id its sender made
 * @property {'normal' | 'early' | 'never'} syncSignal when `hasSynced` is told
 * @property {string[]} missingModules names that `require` doesn't know
 */

const DIR = path.join(import.meta.dirname, 'profiles');
const names = fs.readdirSync(DIR).map((file) => path.basename(file, '.js'));

/** @type {Readonly<Record<string, Traits>>} */
export const profiles = Object.fromEntries(
  await Promise.all(
    names.map(async (name) => [
      name,
      (await import(pathToFileURL(path.join(DIR, `${name}.js`)).href)).default,
    ]),
  ),
);
