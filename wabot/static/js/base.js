/** What every page does: theme, local times, confirmations, copy buttons, rows as links. */
import { watchConfirmations } from './confirm.js'
import { watchCopyButtons } from './copy.js'
import { watchTheme } from './theme.js'
import { localiseTimes } from './time.js'

/** A click anywhere in a row follows the row's own link; the link stays for keyboards and readers. */
function followRow(event) {
  const row = event.target.closest('tr[data-href]')
  if (row === null || event.target.closest('a, button, input, label') !== null) return
  if (String(getSelection()) !== '') return
  location.assign(row.dataset.href)
}

/** A form sent twice by an impatient click does the same thing twice: the second is dropped. */
function sendOnce(event) {
  if (event.defaultPrevented || event.target.method !== 'post') return
  if (event.target.dataset.sent === '1') event.preventDefault()
  event.target.dataset.sent = '1'
}

document.addEventListener('click', followRow)
watchTheme()
document.addEventListener('submit', sendOnce)
// A page that comes back from the browser's history must be able to send again.
addEventListener('pageshow', () => {
  for (const form of document.forms) delete form.dataset.sent
})
watchConfirmations()
watchCopyButtons()
localiseTimes(document)
setInterval(() => localiseTimes(document), 15_000)
