/** Time limits for promises that may never settle: every call to another process has one. */

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {() => Error} late makes the error when `ms` have passed
 * @returns {Promise<T>}
 */
export function within(promise, ms, late) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Asks `probe` again and again until it says yes or the time is over.
 * @param {() => boolean | Promise<boolean>} probe
 * @param {number} ms
 * @param {number} [every] ms between two looks
 * @returns {Promise<boolean>} whether it became true
 */
export async function until(probe, ms, every = 20) {
  const end = performance.now() + ms;
  while (!(await probe())) {
    if (performance.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, every));
  }
  return true;
}

/**
 * A promise with its handles outside.
 * @template T
 * @returns {{promise: Promise<T>, resolve: (value: T) => void, reject: (error: Error) => void}}
 */
export function deferred() {
  /** @type {any} */
  const handles = {};
  handles.promise = new Promise((resolve, reject) => Object.assign(handles, { resolve, reject }));
  handles.promise.catch(() => undefined); // whoever waits for it handles it; nobody may be waiting yet
  return handles;
}
