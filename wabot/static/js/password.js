/**
 * A word on a new password while it is typed, where its form offers one: what the server would say when it is sent.
 * Without it the server says it then.
 */
import { say as word } from './words.js'

const PAUSE_MS = 400
const ENOUGH = 8

/** The fields that decide; a disabled one counts, too. */
function asked(input) {
  const answer = new FormData()
  for (const name of ['csrf_token', 'email', 'name']) {
    answer.set(name, input.form.elements.namedItem(name)?.value ?? '')
  }
  answer.set('password', input.value)
  return answer
}

async function say(input, hint, usual) {
  const value = input.value
  if (value.length < ENOUGH) {
    hint.textContent = usual
    return
  }
  const answer = await fetch('/password-hint', { method: 'POST', body: asked(input) })
  if (input.value !== value) return
  const { why } = answer.ok ? await answer.json() : {}
  if (why === undefined) hint.textContent = usual
  else hint.textContent = why === null ? word('hard_enough') : `${why}.`
}

for (const input of document.querySelectorAll('input[autocomplete="new-password"]')) {
  const hint = document.getElementById(`${input.id}-hint`)
  if (hint !== null) {
    const usual = hint.textContent
    let pause = 0
    hint.setAttribute('aria-live', 'polite')
    input.addEventListener('input', () => {
      clearTimeout(pause)
      pause = setTimeout(() => {
        say(input, hint, usual).catch((error) => console.info('No word on the password.', error))
      }, PAUSE_MS)
    })
  }
}
