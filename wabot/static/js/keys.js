/** API keys: a new key is brought into view, since it is shown only once. */
document.getElementById('created-key')?.focus();
