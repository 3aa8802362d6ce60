/** Every session, as it is now. */
import { keepCurrent } from './keep_current.js'
import { pageData } from './words.js'

keepCurrent(['session-states', 'sessions', 'session-pages', 'web-versions'], pageData().list)
