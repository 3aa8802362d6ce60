/** A webhook or one delivery: while somebody looks, what the worker does shows by itself. */
import { keepCurrent } from './keep_current.js'

const PARTS = ['webhook-state', 'webhook-notices', 'delivery-log', 'delivery-state', 'attempts']
const EVERY = 1500

document.getElementById('created-key')?.focus()

// The page of a new secret is the answer to a form: it can't be asked for again.
const shown = document.getElementById('created-key') === null
if (shown) keepCurrent(PARTS, location.href, EVERY)
