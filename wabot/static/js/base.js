/** What every page does: theme, local times and zone, confirmations, fields behind a box, copy buttons, rows as links. */
import { watchAsked } from './asked.js';
import { watchConfirmations } from './confirm.js';
import { watchCopyButtons } from './copy.js';
import { forgetDraft } from './draft.js';
import { watchTheme } from './theme.js';
import { localiseTimes } from './time.js';
import { askInOwnZone } from './zone.js';

/** A click anywhere in a row follows the row's own link; the link stays for keyboards and readers. */
function followRow(event) {
  const row = event.target.closest('tr[data-href]');
  if (row === null || event.target.closest('a, button, input, label') !== null) return;
  if (String(getSelection()) !== '') return;
  location.assign(row.dataset.href);
}

/** A button whose form takes longer than this is shown as busy. */
const BUSY_AFTER_MS = 400;

/** An impatient second click would send a form twice: it is ignored. */
function sendOnce(event) {
  if (event.defaultPrevented || event.target.method !== 'post') return;
  if (event.target.dataset.sent === '1') event.preventDefault();
  else setTimeout(() => event.submitter?.setAttribute('aria-busy', 'true'), BUSY_AFTER_MS);
  event.target.dataset.sent = '1';
}

/** Escape closes a menu, as it does a dialog. */
function closeMenu(event) {
  const menu =
    event.key === 'Escape' ? document.querySelector('details:is(.mobile-menu, .menu-small)[open]') : null;
  if (menu === null) return;
  menu.open = false;
  menu.querySelector('summary').focus();
}

document.addEventListener('click', followRow);
document.addEventListener('keydown', closeMenu);
watchTheme();
document.addEventListener('submit', sendOnce);
// A page that comes back from the browser's history must be able to send again.
addEventListener('pageshow', () => {
  for (const form of document.forms) delete form.dataset.sent;
  for (const button of document.querySelectorAll('button[aria-busy]')) button.removeAttribute('aria-busy');
});
if (document.querySelector('.shell') === null) forgetDraft();
watchConfirmations();
watchAsked();
watchCopyButtons();
localiseTimes(document);
askInOwnZone();
// Firefox may give it the focus before the page has its style, and then stays where it stood: at the end of a long page.
const said = document.getElementById('said');
if (said !== null) addEventListener('load', () => said === document.activeElement && scrollTo(0, 0));
// The focus starts at the first refused field, which may be far down the page.
document.querySelector('[aria-invalid="true"]')?.focus();
setInterval(() => localiseTimes(document), 15_000);
