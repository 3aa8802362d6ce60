/** Fields behind a box that is ticked for them (macros/form.html, asked): needed while it is, and empty while it is not. */

/** @param {HTMLInputElement} box */
function follow(box) {
  for (const field of box.closest('.asked').querySelectorAll('[data-needed]')) {
    field.required = box.checked;
    if (!box.checked) field.value = '';
  }
}

function followAll() {
  for (const box of document.querySelectorAll('[data-asked]')) follow(box);
}

export function watchAsked() {
  document.addEventListener('change', (event) => {
    if (event.target.matches('[data-asked]')) follow(event.target);
  });
  followAll();
  // When the user comes back to the page, the browser restores the form only now.
  addEventListener('pageshow', followAll);
}
