/** Reads parts of the present page anew from the server, which stays the only place that draws them. */
import { localiseTimes } from './time.js'

/**
 * @param {string[]} ids elements to replace by their newest rendering
 * @param {{url?: string}} [options]
 * @throws {Error} when the server doesn't answer with the page
 */
export async function refresh(ids, { url = location.href } = {}) {
  const response = await fetch(url, { headers: { Accept: 'text/html' }, cache: 'no-store' })
  if (!response.ok || response.redirected) throw new Error(`${url} answered ${response.status}`)
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
  localiseTimes(fresh)
  for (const id of ids) swap(document.getElementById(id), fresh.getElementById(id))
}

/** Left alone while nothing changed, or while a person is typing in it. */
function swap(old, fresh) {
  if (old === null || fresh === null || old.contains(typing())) return
  localiseTimes(old)
  if (old.outerHTML === fresh.outerHTML) return
  const focus = document.activeElement?.id
  old.replaceWith(document.importNode(fresh, true))
  if (focus) document.getElementById(focus)?.focus()
}

function typing() {
  const node = document.activeElement
  return node?.matches('input:not([type=radio], [type=checkbox]), textarea, select') ? node : null
}

/**
 * Calls of a burst become one, at most one every `gap` milliseconds and never two at once; the last call always counts.
 * @param {() => Promise<void>} work
 * @param {number} gap
 */
export function calmly(work, gap) {
  let timer = 0
  let running = false
  let again = false
  const run = async () => {
    timer = 0
    running = true
    try {
      await work()
    } catch (error) {
      console.warn('The page could not be brought up to date; the next event tries again.', error)
    }
    running = false
    if (again) call()
  }
  const call = () => {
    again = running
    if (!running && timer === 0) timer = setTimeout(run, gap)
  }
  return call
}
