/** Writes the times of a page in the reader's own zone and words; the server wrote them in UTC. */
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const HOUR = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const SHORT = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
const EXACT = new Intl.DateTimeFormat(undefined, {
  ...{ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  fractionalSecondDigits: 3,
})
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' })

/** @param {Date} at */
function ago(at) {
  const seconds = Math.round((at.getTime() - Date.now()) / 1000)
  if (Math.abs(seconds) < 45) return 'just now'
  if (Math.abs(seconds) < 3600) return AGO.format(Math.round(seconds / 60), 'minute')
  if (Math.abs(seconds) < 86_400) return AGO.format(Math.round(seconds / 3600), 'hour')
  return SHORT.format(at)
}

/** @param {Date} at */
function moment(at) {
  return at.toDateString() === new Date().toDateString() ? HOUR.format(at) : SHORT.format(at)
}

const WAYS = {
  ago,
  moment,
  full: (at) => FULL.format(at),
  exact: (at) => EXACT.format(at),
  clock: (at) => CLOCK.format(at),
  hour: (at) => HOUR.format(at),
  day: (at) => DAY.format(at),
}

/** @param {ParentNode} root every `<time datetime data-as="ago|moment|full|exact|clock|hour|day">` inside is rewritten */
export function localiseTimes(root) {
  for (const node of root.querySelectorAll('time[datetime][data-as]')) {
    const at = new Date(node.dateTime)
    if (Number.isNaN(at.getTime())) continue
    const text = WAYS[node.dataset.as](at)
    if (node.textContent !== text) node.textContent = text
    node.title = FULL.format(at)
  }
}
