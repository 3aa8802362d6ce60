/** Times that are asked for: in the zone of the page's own times, which the server knows only where the settings name one. */
import { ZONE } from './words.js'

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone

/** @param {string} typed `2026-01-31T12:00` in UTC; what is no time stays as it is */
function here(typed) {
  const at = new Date(`${typed}Z`)
  if (Number.isNaN(at.getTime())) return typed
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** Every form with a field `zone` that still says UTC: its `since` is of the browser's zone from now on, and says so. */
export function askInOwnZone() {
  if (ZONE !== undefined || !HERE) return
  for (const zone of document.querySelectorAll('input[type=hidden][name=zone][value=UTC]')) {
    const { since } = zone.form.elements
    // What a browser has restored was typed in its zone already.
    if (since.value === since.defaultValue) since.value = here(since.value)
    zone.value = HERE
    zone.form.querySelector('[data-zone-name]').textContent = HERE
  }
}
