/** Parts of a page read anew every two seconds while somebody looks; the page says so when they are no longer the present. */
import { calmly, refresh } from './refresh.js'

const EVERY_MS = 2000

/**
 * @param {string[]} ids the parts
 * @param {string} url answers with their newest rendering
 */
export function keepCurrent(ids, url) {
  const update = calmly(async () => {
    const notice = document.getElementById('live-state')
    try {
      await refresh(ids, { url })
      notice.hidden = true
    } catch (error) {
      notice.hidden = false
      throw error
    }
  }, 0)
  setInterval(() => {
    if (!document.hidden) update()
  }, EVERY_MS)
}
