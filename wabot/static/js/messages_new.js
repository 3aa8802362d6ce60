/** Writing a message: the numbers found in what was pasted, the preview, the length, and the hint of the chosen session. */
import { ask } from './ask.js';
import { keepDraft } from './draft.js';
import { format } from './format.js';
import { growWithLines } from './grow.js';
import { hour } from './time.js';
import { say } from './words.js';

const text = document.getElementById('message');
const preview = document.getElementById('preview');
const count = document.getElementById('message-count');
const session = document.getElementById('session');
const LONGEST = Number(text.dataset.longest);
/** WhatsApp folds longer texts behind "Read more". */
const FOLDED = 768;
const FEW_LEFT = 200;
const PAUSE_MS = 400;

/** As people count: an emoji is one character. */
const letters = (value) => [...new Intl.Segmenter().segment(value)].length;

let unfolded = false;

function show() {
  const value = text.value;
  const empty = value.trim() === '';
  const folds = value.length > FOLDED && !unfolded;
  document.getElementById('preview-empty').hidden = !empty;
  document.getElementById('preview-bubble').hidden = empty;
  document.getElementById('preview-more').hidden = !folds;
  document.getElementById('preview-time').textContent = hour(new Date());
  preview.classList.toggle(
    'letter-large',
    /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u200d|\ufe0f){1,9}$/u.test(value.trim()) &&
      letters(value.trim()) < 4,
  );
  preview.replaceChildren(...format(folds ? `${value.slice(0, FOLDED)} …` : value));
  showLength(value);
}

/** A text may be typed beyond the limit, since nobody would notice the browser cutting it off; it can be sent once it fits. */
function showLength(value) {
  const left = LONGEST - value.length; // as the server counts
  const over = left < 0 ? say('characters_over', { n: -left }) : '';
  const was = text.validity.customError;
  text.setCustomValidity(over);
  count.textContent =
    over ||
    (left < FEW_LEFT ? say('characters_left', { n: left }) : say('characters', { n: letters(value) }));
  count.classList.toggle('text-error', over !== '');
  if (over) text.setAttribute('aria-invalid', 'true');
  else if (was) text.removeAttribute('aria-invalid');
}

function showHint() {
  const chosen = session?.selectedOptions?.[0] ?? session;
  const sandbox = chosen?.dataset.network === 'sandbox';
  document.getElementById('sandbox-hint')?.toggleAttribute('hidden', !sandbox);
}

const to = document.getElementById('to');
const found = document.getElementById('to-found');
const fitNumbers = growWithLines(to);

/** The numbers as the server reads them, since it is the server that decides; null if they changed meanwhile. */
async function readNumbers() {
  const typed = to.value;
  const body = new FormData();
  body.set('csrf_token', to.form.elements.csrf_token.value);
  body.set('to', typed);
  const answer = await ask('/messages/recipients', { method: 'POST', body });
  return answer.ok && to.value === typed ? answer.json() : null;
}

/** Digits without a plus may be a number without its country's code, and somebody else's in another country. */
const readByItsDigits = ({ numbers, refused }) =>
  numbers === 1 && refused.length === 0 && !/^\s*(\+|00)/.test(to.value);

function sayNumbers(answer) {
  const { numbers, refused, doubles } = answer;
  const parts = [];
  if (readByItsDigits(answer)) parts.push(say('number_read', { number: `\u2066${answer.text}\u2069` }));
  if (numbers > 1 || refused.length > 0) parts.push(say('numbers_found', { n: numbers }));
  if (doubles > 0) parts.push(say('numbers_twice', { n: doubles }));
  if (refused.length > 0) parts.push(say('numbers_refused', { which: refused.join(', ') }));
  found.textContent = parts.join(' · ');
  found.hidden = parts.length === 0;
}

async function lookAtNumbers(clean) {
  if (to.value.trim() === '') {
    found.hidden = true;
    return;
  }
  const answer = await readNumbers();
  if (answer === null) return;
  sayNumbers(answer);
  if (clean && answer.numbers > 1) to.value = answer.text;
  fitNumbers();
}

const look = (clean) =>
  lookAtNumbers(clean).catch((error) =>
    console.info('The numbers are only checked when they are sent.', error),
  );

const later = document.getElementById('later');
const when = document.getElementById('send_at');
const zone = document.getElementById('zone');
const send = document.getElementById('send');

/** Nobody should have to know the name of their own time zone. */
function guessZone() {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (here && zone.value === 'UTC' && !when.value) zone.value = here;
}

function labelButton() {
  send.lastChild.textContent = say(later.checked ? 'schedule_message' : 'send_message');
}

let pause = 0;
to.addEventListener('input', (event) => {
  clearTimeout(pause);
  const pasted = event.inputType === 'insertFromPaste';
  pause = setTimeout(() => look(pasted), pasted ? 0 : PAUSE_MS);
});
text.addEventListener('input', show);
document.getElementById('preview-more').addEventListener('click', () => {
  unfolded = true;
  show();
});
later.addEventListener('change', labelButton);
session?.addEventListener('change', showHint);

function showAll() {
  labelButton();
  show();
  showHint();
  fitNumbers();
  if (to.value !== to.defaultValue) look(false); // typed before this script was there, or restored
}

keepDraft(to.form, ['to', 'message', 'later', 'send_at', 'zone']);
guessZone();
showAll();
// When the user comes back to the page, the browser restores the form only after this script has run.
addEventListener('pageshow', showAll);
