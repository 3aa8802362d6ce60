/** The one notice of a page that does not show the present; there may be several reasons at once. */

const reasons = new Set()

/** @param {unknown} reason whatever tells it from others @param {boolean} holds */
export function notLive(reason, holds) {
  if (holds) reasons.add(reason)
  else reasons.delete(reason)
  const notice = document.getElementById('live-state')
  if (notice !== null) notice.hidden = reasons.size === 0
}
