/** The admin's overview is read anew every five seconds while somebody looks at it. */
import { calmly, refresh } from './refresh.js'

const update = calmly(() => refresh(['figures', 'charts']), 0)

setInterval(() => {
  if (!document.hidden) update()
}, 5000)
