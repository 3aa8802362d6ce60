/** The admin's overview is read anew every five seconds while somebody looks at it. */
import { keepCurrent } from './keep_current.js'

keepCurrent(['figures', 'charts'], location.href, 5000)
