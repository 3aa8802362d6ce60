/** Changes the tick of every drawn message in place, by [data-message="<id>"]. */
import { announce } from './announce.js';
import { pageWords } from './words.js';

/** In a list the number says which message it is. @param {Element} tick @param {string} text */
function tell(tick, text) {
  const number = tick.closest('[data-message]').querySelector('.number');
  if (number !== null && tick.closest('[aria-live]') === null) announce(`${number.textContent}: ${text}`);
}

/** @param {Element} tick @param {string} status */
function setTick(tick, status) {
  if (tick.dataset.status === status) return;
  const word = pageWords().message[status];
  tick.dataset.status = status;
  const use = tick.querySelector('use');
  use.setAttribute('href', `${use.getAttribute('href').split('#')[0]}#${word.icon}`);
  tick.querySelector('[data-tick-text]').textContent = word.text;
  tell(tick, word.text);
  tick.classList.remove('tick-changed');
  // Reading a size makes the browser notice the removal, so that the animation starts again.
  void tick.offsetWidth;
  tick.classList.add('tick-changed');
}

/**
 * @param {{id: string, status: string}} message
 * @returns {boolean} whether the page shows this message
 */
export function showTick(message) {
  const ticks = document.querySelectorAll(`[data-message="${CSS.escape(message.id)}"] [data-tick]`);
  for (const tick of ticks) setTick(tick, message.status);
  return ticks.length > 0;
}
