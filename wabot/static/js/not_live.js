/** The notices of a page that does not show the present; there may be several reasons at once. */

/** Reason → whether it is that what the page shows is gone. */
const reasons = new Map()

function show(id, shown) {
  const notice = document.getElementById(id)
  if (notice !== null) notice.hidden = !shown
}

/** @param {unknown} reason whatever tells it from others @param {boolean} holds @param {boolean} [gone] no waiting helps */
export function notLive(reason, holds, gone = false) {
  if (holds) reasons.set(reason, gone)
  else reasons.delete(reason)
  const all = [...reasons.values()]
  show('live-state', all.includes(false))
  show('gone-state', all.length > 0 && !all.includes(false))
}
