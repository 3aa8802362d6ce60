/** The administrators' list of sessions, kept up to date. */
import { keepCurrent } from './keep_current.js';
import { pageData } from './words.js';

keepCurrent(['session-states', 'sessions', 'session-pages', 'web-versions'], pageData().list);
