/**
 * Forms with data-confirm ask in a dialog first. Without scripts the same form shows a
 * check box that must be ticked (see macros/form.html, confirm_form).
 */
import { say } from './words.js';

const ASKED = new WeakSet();

/** The check box is for browsers without scripts: hidden and unticked it would stop the form silently. */
function withoutBox(form) {
  for (const box of form.querySelectorAll('[data-confirm-box]')) box.required = false;
}

/** A live update may have replaced the form while the dialog was open. */
function stillThere(form) {
  if (form.isConnected) return form;
  const same = (other) => other.action === form.action && other.dataset.confirm === form.dataset.confirm;
  return [...document.forms].find(same) ?? null;
}

function ask(form) {
  const dialog = document.getElementById('confirm-dialog');
  dialog.querySelector('[data-confirm-title]').textContent = form.dataset.confirm;
  dialog.querySelector('[data-confirm-text]').textContent = form.dataset.confirmText ?? '';
  dialog.querySelector('[data-confirm-action]').textContent = form.dataset.confirmAction ?? say('yes');
  dialog.returnValue = '';
  dialog.showModal();
  dialog.addEventListener(
    'close',
    () => {
      const asked = stillThere(form);
      // The button that asked has the focus back, unless it was drawn anew meanwhile.
      if (asked !== form) asked?.querySelector('[type=submit]').focus();
      if (dialog.returnValue !== 'yes' || asked === null) return;
      ASKED.add(asked);
      withoutBox(asked);
      asked.requestSubmit();
    },
    { once: true },
  );
}

export function watchConfirmations() {
  document.addEventListener(
    'submit',
    (event) => {
      const form = event.target;
      if (form.dataset.confirm === undefined || ASKED.delete(form)) return;
      event.preventDefault();
      event.stopPropagation();
      ask(form);
    },
    { capture: true },
  );
  document.addEventListener(
    'click',
    (event) => {
      const form = event.target.closest('button')?.form;
      if (form) withoutBox(form);
    },
    { capture: true },
  );
}
