/** The notices of a page that no longer shows the current state; there may be several reasons at once. */

/** Reason → true if what the page shows was deleted, false if it is only out of date. */
const reasons = new Map();

function show(id, shown) {
  const notice = document.getElementById(id);
  if (notice !== null) notice.hidden = !shown;
}

/** @param {unknown} reason any unique value @param {boolean} holds @param {boolean} [gone] waiting won't help */
export function notLive(reason, holds, gone = false) {
  if (holds) reasons.set(reason, gone);
  else reasons.delete(reason);
  const all = [...reasons.values()];
  show('live-state', all.includes(false));
  show('gone-state', all.length > 0 && !all.includes(false));
}
