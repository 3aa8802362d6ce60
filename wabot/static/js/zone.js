/** Fields for days and times use the zone of the times on the page, which the server only knows if the settings name one. */
import { ZONE } from './words.js';

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @param {string} typed `2026-01-31T12:00` in UTC; what is no time stays as it is */
function here(typed) {
  const at = new Date(`${typed}Z`);
  if (Number.isNaN(at.getTime())) return typed;
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Switches every form whose field `zone` still says UTC to the browser's zone, and names that zone beside its fields. */
export function askInOwnZone() {
  if (ZONE !== undefined || !HERE) return;
  for (const zone of document.querySelectorAll('input[type=hidden][name=zone][value=UTC]')) {
    // A day in UTC that was asked for is no day here.
    if (zone.form.querySelector('input[type=date]:not([value=""])') !== null) continue;
    for (const time of zone.form.querySelectorAll('input[type=datetime-local]')) {
      // What a browser has restored was typed in its zone already.
      if (time.value === time.defaultValue) time.value = here(time.value);
    }
    zone.value = HERE;
    for (const name of zone.form.querySelectorAll('[data-zone-name]')) name.textContent = HERE;
  }
}
