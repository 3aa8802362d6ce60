/** Who is being stopped by the rate limits, kept up to date. */
import { keepCurrent } from './keep_current.js';
import { pageData } from './words.js';

keepCurrent(['limits-now'], pageData().list);
