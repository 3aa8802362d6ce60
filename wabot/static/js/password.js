/**
 * Says how good a new password is while it is typed, in forms that have a hint for it: what the server would say to it.
 * Without this the server says so when the form is sent.
 */
import { ask } from './ask.js';
import { say } from './words.js';

const PAUSE_MS = 400;
const ENOUGH = 8;

/** The fields that matter; unlike the form's own FormData it includes disabled ones. */
function asked(input) {
  const answer = new FormData();
  for (const name of ['csrf_token', 'email', 'name']) {
    answer.set(name, input.form.elements.namedItem(name)?.value ?? '');
  }
  answer.set('password', input.value);
  return answer;
}

async function judge(input, hint, usual) {
  const value = input.value;
  if (value.length < ENOUGH) {
    hint.textContent = usual;
    return;
  }
  const answer = await ask('/password-hint', { method: 'POST', body: asked(input) });
  if (input.value !== value) return;
  const { why } = answer.ok ? await answer.json() : {};
  if (why === undefined) hint.textContent = usual;
  else hint.textContent = why === null ? say('hard_enough') : `${why}.`;
}

for (const input of document.querySelectorAll('input[autocomplete="new-password"]')) {
  const hint = document.getElementById(`${input.id}-hint`);
  if (hint !== null) {
    const usual = hint.textContent;
    let pause = 0;
    hint.setAttribute('aria-live', 'polite');
    input.addEventListener('input', () => {
      clearTimeout(pause);
      pause = setTimeout(() => {
        judge(input, hint, usual).catch((error) => console.info('The password could not be judged.', error));
      }, PAUSE_MS);
    });
  }
}
