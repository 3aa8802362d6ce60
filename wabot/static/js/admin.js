/** The administrators' overview reloads every five seconds while somebody is looking at it. */
import { keepCurrent } from './keep_current.js';

keepCurrent(['figures', 'charts'], location.href, 5000);
