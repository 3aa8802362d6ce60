/**
 * A field of text grows with its lines. Browsers do that by themselves (`field-sizing: content`), but Safari only from version 26.2 on.
 * @param {HTMLTextAreaElement} field
 * @returns {() => void} to be called when a script has changed the text
 */
export function growWithLines(field) {
  if (CSS.supports('field-sizing', 'content')) return () => {};
  const fit = () => {
    field.style.height = 'auto';
    field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
  };
  field.addEventListener('input', fit);
  fit();
  return fit;
}
