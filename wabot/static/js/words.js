/** The words of the page's language and the page's data, all written into the page by the server. */

/** @param {string} id */
function json(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? '{}')
}

/** @returns {{message: Record<string, {text: string, icon: string}>, session: Record<string, {text: string}>}} */
export const pageWords = () => json('words')

/** @returns {Record<string, any>} */
export const pageData = () => json('page-data')

const ROOT = document.documentElement
const PHRASES = json('phrases')

/** The language of the page, in the browser's own kind of it: British dates on an English page. */
export const LANGUAGE = navigator.languages.find((one) => one.split('-')[0] === ROOT.lang.split('-')[0]) ?? ROOT.lang

/** The time zone of the settings; without one the browser's holds. */
export const ZONE = ROOT.dataset.zone

/**
 * A phrase of templates/_script_words.html; `{n}` in it is the value `n`, and a number is written in the reader's way.
 * @param {string} name @param {Record<string, string|number>} [values]
 */
export function say(name, values = {}) {
  const put = (_, key) => (typeof values[key] === 'number' ? values[key].toLocaleString(LANGUAGE) : String(values[key]))
  return PHRASES[name].replace(/\{(\w+)\}/g, put)
}
