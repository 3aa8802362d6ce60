/** Reloads parts of the current page from the server, which remains the only place that renders them. */
import { ask } from './ask.js';
import { notLive } from './not_live.js';
import { localiseTimes } from './time.js';

const AGAIN_AFTER_MS = 2000;

/** What the page shows has been deleted. */
class Gone extends Error {}

/**
 * @param {string} url @returns {Promise<Document>} the page as it is now
 * @throws {Error} when the server doesn't answer with a page; Gone, when the page no longer exists
 */
export async function read(url) {
  const response = await ask(url, { headers: { Accept: 'text/html' }, cache: 'no-store' });
  if (response.status === 404) throw new Gone(`${url} is gone`);
  // A filter that can't be used is refused with a page as well: it shows what is wrong, and has nothing that could change.
  if (!(response.ok || response.status === 422) || response.redirected)
    throw new Error(`${url} answered ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), 'text/html');
}

/**
 * @param {string[]} ids elements to replace by their newest rendering
 * @param {{url?: string}} [options]
 * @throws {Error} as `read` does
 */
export async function refresh(ids, { url = location.href } = {}) {
  const fresh = await read(url);
  localiseTimes(fresh);
  takeOverTokens(fresh);
  for (const id of ids) swap(document.getElementById(id), fresh.getElementById(id));
}

/** Every rendering has a new CSRF token: it is put into all existing forms, so that an unchanged part compares equal. */
function takeOverTokens(fresh) {
  const newest = fresh.querySelector('input[name=csrf_token]')?.value;
  if (newest === undefined) return;
  for (const root of [document, fresh])
    for (const input of root.querySelectorAll('input[name=csrf_token]')) input.setAttribute('value', newest);
}

/** A part is left alone while it is unchanged, or while somebody is typing in it or correcting what was refused. */
function swap(old, fresh) {
  if (old === null || fresh === null || old.contains(typing()) || isBeingMended(old, fresh)) return;
  localiseTimes(old);
  keepOpen(old, fresh);
  if (old.outerHTML === fresh.outerHTML || swapMembers(old, fresh)) return;
  replace(old, fresh);
}

/** Takes over what the new rendering changes; the keyboard stays where it was. @param {Element} old @param {Element} fresh */
export function replace(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const put = mend(old, fresh);
  if (focused === null || focused.isConnected) return;
  const same = sameIn(put, focused);
  if (same === null) put.closest('[tabindex]').focus({ preventScroll: true });
  else same.focus();
}

/** Only what differs is drawn anew: a screen reader would lose its place in the rest. @param {Node} old @param {Node} fresh */
function mend(old, fresh) {
  if (old.isEqualNode(fresh)) return old;
  if (alike(old, fresh)) {
    for (const [i, child] of [...old.childNodes].entries()) mend(child, fresh.childNodes[i]);
    return old;
  }
  const put = document.importNode(fresh, true);
  old.replaceWith(put);
  return put;
}

/** They differ in nothing but what is inside them. */
const alike = (old, fresh) =>
  old.hasChildNodes() &&
  old.childNodes.length === fresh.childNodes.length &&
  old.cloneNode(false).isEqualNode(fresh.cloneNode(false));

/** By its id, or by where it leads; null for what is gone. */
function sameIn(part, one) {
  if (one.id) return document.getElementById(one.id);
  const target = one.getAttribute('href');
  return target === null ? null : part.querySelector(`a[href="${CSS.escape(target)}"]`);
}

/** A long list ([data-keyed], its members with ids) that has the same members is brought up to date one by one. */
function swapMembers(old, fresh) {
  const [were, are] = [old, fresh].map((part) => [...(part.querySelector('[data-keyed]')?.children ?? [])]);
  const same = were.length > 0 && were.length === are.length && were.every((one, i) => one.id === are[i].id);
  if (same) for (const [i, one] of were.entries()) swap(one, are[i]);
  return same;
}

function keepOpen(old, fresh) {
  for (const one of old.querySelectorAll('details[id]'))
    fresh.querySelector(`#${CSS.escape(one.id)}`)?.toggleAttribute('open', one.open);
}

/** The newest rendering knows neither what was typed nor what was wrong with it; another state of the part goes before. */
const isBeingMended = (old, fresh) =>
  old.querySelector('[data-refused]') !== null && old.dataset.status === fresh.dataset.status;

function typing() {
  const node = document.activeElement;
  return node?.matches('input:not([type=radio], [type=checkbox]), textarea, select') ? node : null;
}

/**
 * Merges bursts of calls: runs at most once every `gap` milliseconds, never twice at the same time, and always after the last call.
 * A failure is retried until it succeeds, and the page says that it is not live: at once if the server refused, but only from the
 * second failure on if nothing answered, since leaving a page also aborts what it was reading.
 * @param {() => Promise<void>} work
 * @param {number} gap
 */
export function calmly(work, gap) {
  let timer = 0;
  let running = false;
  let again = false;
  let failures = 0;
  const run = async () => {
    timer = 0;
    running = true;
    let gone = false;
    try {
      await work();
      failures = 0;
    } catch (error) {
      gone = error instanceof Gone;
      failures += error instanceof TypeError ? 1 : 2; // fetch's own, for no answer at all
      console.warn('The page could not be updated; trying again.', error);
      setTimeout(call, AGAIN_AFTER_MS);
    }
    notLive(work, failures > 1, gone);
    running = false;
    if (again) call();
  };
  const call = () => {
    again = running;
    if (!running && timer === 0) timer = setTimeout(run, gap);
  };
  return call;
}
