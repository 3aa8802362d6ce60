/** The page of a webhook or of one delivery: follows what the worker does while somebody is looking at it. */
import { keepCurrent } from './keep_current.js';

const PARTS = ['webhook-state', 'webhook-notices', 'delivery-log', 'delivery-state', 'attempts'];
const EVERY = 1500;

document.getElementById('created-key')?.focus();

// The page that shows a new secret is the answer to a form: it can't be reloaded.
const shown = document.getElementById('created-key') === null;
if (shown) keepCurrent(PARTS, location.href, EVERY);
