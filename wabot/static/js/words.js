/** The words for statuses and the page's data, both written into the page by the server. */

/** @param {string} id */
function json(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? '{}')
}

/** @returns {{message: Record<string, {text: string, icon: string}>, session: Record<string, {text: string}>}} */
export const pageWords = () => json('words')

/** @returns {Record<string, any>} */
export const pageData = () => json('page-data')
