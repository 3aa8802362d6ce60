/** Writing a message: the preview, the length, and the hint that belongs to the chosen session. */
import { format } from './format.js'
import { say } from './words.js'

const text = document.getElementById('message')
const preview = document.getElementById('preview')
const count = document.getElementById('message-count')
const session = document.getElementById('session')
const LONGEST = Number(text.getAttribute('maxlength'))

/** As people count: an emoji is one. */
const letters = (value) => [...new Intl.Segmenter().segment(value)].length

function show() {
  const empty = text.value.trim() === ''
  document.getElementById('preview-empty').hidden = !empty
  document.getElementById('preview-bubble').hidden = empty
  preview.replaceChildren(...format(text.value))
  const left = LONGEST - text.value.length
  count.textContent = left < 200 ? say('characters_left', { n: left }) : say('characters', { n: letters(text.value) })
}

function showHint() {
  const chosen = session?.selectedOptions?.[0] ?? session
  const sandbox = chosen?.dataset.network === 'sandbox'
  document.getElementById('sandbox-hint')?.toggleAttribute('hidden', !sandbox)
}

const when = document.getElementById('send_at')
const zone = document.getElementById('zone')
const send = document.getElementById('send')

/** Nobody should have to know the name of the zone they sit in. */
function guessZone() {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (here && zone.value === 'UTC' && !when.value) zone.value = here
}

function nameDeed() {
  send.lastChild.textContent = say(when.value ? 'schedule_message' : 'send_message')
}

text.addEventListener('input', show)
when.addEventListener('input', nameDeed)
guessZone()
nameDeed()
session?.addEventListener('change', showHint)
show()
showHint()
