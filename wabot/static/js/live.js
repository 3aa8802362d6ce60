/**
 * The live connection of a page: Socket.IO over websocket only, into the user's own room.
 *
 * Events: `session` (a session object), `qr` ({session, svg, expires_at}), `message` (a message object), `chat` (a chat object),
 * and our own `up`, whenever a connection stands: what was pushed since the page was drawn is gone, so read it anew.
 */
import { io } from '../vendor/socket.io-client-4.8.4.esm.min.js'
import { notLive } from './not_live.js'

/** Short breaks (a page change, a restart of the server) are not worth a word. */
const NOTICE_AFTER_MS = 2000
const COUNT_AFTER_MS = 300

/** An administrator who views as a user gets nothing pushed: the server refuses the connection. */
const VIEWING = 'viewing' in document.documentElement.dataset

const socket = io({ autoConnect: !VIEWING, transports: ['websocket'], reconnectionDelay: 500, reconnectionDelayMax: 5000 })
const connected = new Set()
let timer = 0

function stands(connection) {
  document.documentElement.dataset.live = connection ? 'yes' : 'no'
  notLive(socket, !connection)
}

function down() {
  if (timer === 0) timer = setTimeout(() => stands(false), NOTICE_AFTER_MS)
}

socket.on('connect', () => {
  clearTimeout(timer)
  timer = 0
  stands(true)
  for (const listener of connected) listener()
})
socket.on('disconnect', (why) => {
  down()
  // A server that says goodbye (logout everywhere, a restart) is not called back by the library itself.
  if (why === 'io server disconnect') setTimeout(() => socket.connect(), NOTICE_AFTER_MS)
})
// This login was ended, here or elsewhere: the page's own address leads to the login page.
socket.on('logged_out', () => location.reload())
socket.on('connect_error', down)
// A proxy may take the connection and say nothing: until it stands, the page isn't live.
if (!VIEWING) down()

/** How many messages are unread stands in the navigation of every page. */
async function countUnread() {
  const answer = await fetch('/inbox/unread', { cache: 'no-store' })
  if (!answer.ok || answer.redirected) return
  const { unread } = await answer.json()
  for (const node of document.querySelectorAll('[data-unread-total]')) {
    node.firstChild.textContent = unread > 99 ? '99+' : String(unread)
    node.hidden = unread === 0
  }
}

let counting = 0
socket.on('chat', () => {
  clearTimeout(counting)
  counting = setTimeout(countUnread, COUNT_AFTER_MS)
})

/** @param {'session'|'qr'|'message'|'chat'|'up'} event @param {(data?: any) => void} listener */
export function on(event, listener) {
  if (event === 'up') connected.add(listener)
  else socket.on(event, listener)
}
