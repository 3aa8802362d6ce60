/** Texts in the page's language, and the page's data: both are written into the page by the server. */

/** @param {string} id */
function json(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? '{}');
}

/** @returns {{message: Record<string, {text: string, icon: string}>, session: Record<string, {text: string}>}} */
export const pageWords = () => json('words');

/** @returns {Record<string, any>} */
export const pageData = () => json('page-data');

const ROOT = document.documentElement;
const PHRASES = json('phrases');

/** The page's language in the browser's own variant of it: British dates on an English page, for example. */
export const LANGUAGE =
  navigator.languages.find((one) => one.split('-')[0] === ROOT.lang.split('-')[0]) ?? ROOT.lang;

/** The time zone in the user's settings; without one the browser's is used. */
export const ZONE = ROOT.dataset.zone;

/**
 * A phrase of templates/_script_words.html; `{n}` in it is the value `n`, and numbers are written as usual in the reader's language.
 * @param {string} name @param {Record<string, string|number>} [values]
 */
export function say(name, values = {}) {
  const put = (_, key) =>
    typeof values[key] === 'number' ? values[key].toLocaleString(LANGUAGE) : String(values[key]);
  return PHRASES[name].replace(/\{(\w+)\}/g, put);
}
