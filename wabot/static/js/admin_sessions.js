/** Every session, read anew every two seconds while somebody looks. */
import { calmly, refresh } from './refresh.js'
import { pageData } from './words.js'

const EVERY_MS = 2000

/** The page says so when what it shows is no longer the present. */
async function read() {
  const notice = document.getElementById('live-state')
  try {
    await refresh(['session-states', 'sessions', 'session-pages', 'web-versions'], { url: pageData().list })
    notice.hidden = true
  } catch (error) {
    notice.hidden = false
    throw error
  }
}

const update = calmly(read, 0)

setInterval(() => {
  if (!document.hidden) update()
}, EVERY_MS)
