/**
 * What is being written outlives a reload and the way back to the page, where the browser keeps nothing of it by itself: Firefox
 * doesn't for pages that may not be stored. It stays in this tab, until it is sent or nobody is logged in.
 */
const KEY = 'wabot_draft';
const COMES_BACK = ['reload', 'back_forward'];

/** Called by every page that needs no login. */
export const forgetDraft = () => sessionStorage.removeItem(KEY);

/** @returns {string} */
function written(fields) {
  const values = fields.map((one) => (one.type === 'checkbox' ? one.checked : one.value));
  return JSON.stringify({ url: location.href, values });
}

function restore(fields) {
  const way = performance.getEntriesByType('navigation')[0]?.type;
  const { url, values } = JSON.parse(sessionStorage.getItem(KEY) ?? '{}');
  if (!COMES_BACK.includes(way) || url !== location.href) return;
  for (const [at, one] of fields.entries()) one[one.type === 'checkbox' ? 'checked' : 'value'] = values[at];
}

/** @param {HTMLFormElement} form @param {string[]} names of the fields to keep */
export function keepDraft(form, names) {
  const fields = names.map((name) => form.elements[name]);
  restore(fields);
  addEventListener('pagehide', () => {
    if (form.dataset.sent === '1') forgetDraft();
    else sessionStorage.setItem(KEY, written(fields));
  });
}
