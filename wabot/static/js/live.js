/**
 * The live connection of a page: Socket.IO over websocket only, into the user's own room.
 *
 * Events: `session` (a session object), `qr` ({session, svg, expires_at}), `message` (a message object), `chat` (a chat object),
 * and our own `up`, each time the connection is made, and when what happens in other web processes is heard again: anything pushed
 * since the page was rendered was missed, so reload.
 */
import { io } from '../vendor/socket.io-client-4.8.4.esm.min.js';
import { ask } from './ask.js';
import { notLive } from './not_live.js';

/** Short breaks (a page change, a restart of the server) are not worth a notice. */
const NOTICE_AFTER_MS = 2000;
const COUNT_AFTER_MS = 300;

/** An administrator who views as a user gets nothing pushed: the server refuses the connection. */
const VIEWING = 'viewing' in document.documentElement.dataset;

const socket = io({
  autoConnect: !VIEWING,
  transports: ['websocket'],
  reconnectionDelay: 500,
  reconnectionDelayMax: 5000,
});
const RELAY = Symbol('other web processes');
const upListeners = new Set();
let timer = 0;

function showLive(live) {
  document.documentElement.dataset.live = live ? 'yes' : 'no';
  notLive(socket, !live);
}

function readAnew() {
  for (const listener of upListeners) listener();
}

function down() {
  if (timer === 0) timer = setTimeout(() => showLive(false), NOTICE_AFTER_MS);
}

socket.on('connect', () => {
  clearTimeout(timer);
  timer = 0;
  showLive(true);
  readAnew();
});
socket.on('disconnect', (why) => {
  down();
  notLive(RELAY, false); // the next connection may be to another one
  // The library doesn't reconnect by itself when the server closed the connection (logout everywhere, a restart).
  if (why === 'io server disconnect') setTimeout(() => socket.connect(), NOTICE_AFTER_MS);
});
socket.on('relay', ({ away }) => {
  notLive(RELAY, away);
  if (!away) readAnew();
});
// This login was ended elsewhere, and the page's own address leads to the login page; or here, and the answer to the form leads on.
socket.on('logged_out', () => {
  if (document.querySelector('form[data-sent]') === null) location.reload();
});
socket.on('connect_error', down);
// A proxy may accept the connection and never answer: the page isn't live until the server does.
if (!VIEWING) down();

/** The navigation of every page shows how many messages are unread. */
async function countUnread() {
  const answer = await ask('/inbox/unread', { cache: 'no-store' });
  if (!answer.ok || answer.redirected) return;
  const { unread } = await answer.json();
  for (const node of document.querySelectorAll('[data-unread-total]')) {
    node.firstChild.textContent = unread > 99 ? '99+' : String(unread);
    node.hidden = unread === 0;
  }
}

let counting = 0;
socket.on('chat', () => {
  clearTimeout(counting);
  counting = setTimeout(countUnread, COUNT_AFTER_MS);
});

/** @param {'session'|'qr'|'message'|'chat'|'up'} event @param {(data?: any) => void} listener */
export function on(event, listener) {
  if (event === 'up') upListeners.add(listener);
  else socket.on(event, listener);
}
