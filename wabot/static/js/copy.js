/** `<button data-copy="id">` copies the text of #id and says so. */
import { say } from './words.js';

const SHOWN_MS = 1600;

/** Selects the text, so that a person can copy it by hand where the clipboard is refused. */
function select(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const label = button.querySelector('[data-copy-label]');
  try {
    await navigator.clipboard.writeText(source.textContent);
    label.textContent = say('copied');
  } catch (error) {
    console.info('The clipboard is refused here; the text is selected instead.', error);
    select(source);
    label.textContent = say('copy_by_hand');
  }
  setTimeout(() => {
    label.textContent = say('copy');
  }, SHOWN_MS);
}

export function watchCopyButtons() {
  document.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-copy]');
    if (button !== null) copy(button);
  });
}
