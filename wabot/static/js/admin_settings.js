/** Whom the rate limits stop, as it is now. */
import { keepCurrent } from './keep_current.js'
import { pageData } from './words.js'

keepCurrent(['limits-now'], pageData().list)
