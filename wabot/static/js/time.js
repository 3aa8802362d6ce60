/** Writes the times of a page in the reader's language and own zone; the server wrote them in UTC, or in the zone of the settings. */
import { LANGUAGE, ZONE } from './words.js';

const written = (options) => new Intl.DateTimeFormat(LANGUAGE, { timeZone: ZONE, ...options });
const FULL = written({ dateStyle: 'medium', timeStyle: 'medium' });
const CLOCK = written({ timeStyle: 'medium' });
const HOUR = written({ timeStyle: 'short' });
/** One digit or two, as in the language's own times: beside a day the format has to say so explicitly. */
const EARLY = written({ timeStyle: 'short', timeZone: 'UTC' }).formatToParts(new Date('2026-01-01T01:05Z'));
const HOUR_DIGITS = EARLY.find((part) => part.type === 'hour').value.length > 1 ? '2-digit' : 'numeric';
const DAY = written({ dateStyle: 'medium' });
const SHORT = written({ day: 'numeric', month: 'short', hour: HOUR_DIGITS, minute: '2-digit' });
const EXACT = written({
  ...{ day: 'numeric', month: 'short', hour: HOUR_DIGITS, minute: '2-digit', second: '2-digit' },
  fractionalSecondDigits: 3,
});
/** With the zone, for times still to come: they may have been chosen in another zone. */
const ZONED = written({
  ...{
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: HOUR_DIGITS,
    minute: '2-digit',
    second: '2-digit',
  },
  timeZoneName: 'short',
});
const AGO = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'auto', style: 'short' });

/** @param {Date} at */
function ago(at) {
  const seconds = Math.round((at.getTime() - Date.now()) / 1000);
  if (Math.abs(seconds) < 45) return AGO.format(0, 'second');
  if (Math.abs(seconds) < 3600) return AGO.format(Math.round(seconds / 60), 'minute');
  if (Math.abs(seconds) < 86_400) return AGO.format(Math.round(seconds / 3600), 'hour');
  return SHORT.format(at);
}

/** @param {Date} at */
function moment(at) {
  return DAY.format(at) === DAY.format(new Date()) ? HOUR.format(at) : SHORT.format(at);
}

/** @param {Date} at */
export const hour = (at) => HOUR.format(at);

const WAYS = {
  ago,
  moment,
  full: (at) => FULL.format(at),
  zoned: (at) => ZONED.format(at),
  exact: (at) => EXACT.format(at),
  clock: (at) => CLOCK.format(at),
  hour,
  day: (at) => DAY.format(at),
};

/** @param {ParentNode} root every `<time datetime data-as="ago|moment|full|zoned|exact|clock|hour|day">` inside is rewritten */
export function localiseTimes(root) {
  for (const node of root.querySelectorAll('time[datetime][data-as]')) {
    const at = new Date(node.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const text = WAYS[node.dataset.as](at);
    if (node.textContent !== text) node.textContent = text;
    node.title = ZONED.format(at);
  }
}
