/** Linking a WhatsApp account: the state, the code to scan and its countdown change without a reload. */
import { announce } from './announce.js';
import { on } from './live.js';
import { calmly, refresh } from './refresh.js';
import { pageData, pageWords, say } from './words.js';

/** Changes that only time brings (an expired code, a missing heartbeat) are not pushed, so the server is asked. */
const LOOK_EVERY_MS = 5000;

const { session: NAME, here: HERE, server_time: serverTime } = pageData();
/** This device's clock may be wrong by minutes; codes live for seconds. */
const SKEW_MS = Date.parse(serverTime) - Date.now();

const update = calmly(async () => {
  await refresh(['way', 'session-panel', 'session-tabs'], { url: HERE });
  countDown();
}, 60);

/** The picture goes into an <img>: nothing inside an SVG can act there. */
function showQr({ svg, expires_at: expiresAt }) {
  const box = document.getElementById('qr');
  const left = document.querySelector('#session-panel [data-expires]');
  if (box === null || left === null) return update();
  const image = document.createElement('img');
  const named = svg.includes('xmlns=') ? svg : svg.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"');
  image.src = `data:image/svg+xml,${encodeURIComponent(named)}`;
  image.alt = say('qr_alt');
  box.replaceChildren(image);
  left.dataset.expires = expiresAt ?? '';
  countDown();
}

/** Does not leave an expired code on the page: the server then renders what there is instead. */
function countDown() {
  const left = document.querySelector('#session-panel [data-expires]');
  if (left === null || !left.dataset.expires) return;
  const leftMs = Date.parse(left.dataset.expires) - (Date.now() + SKEW_MS);
  const text = left.dataset.expiresWords.replace('{seconds}', String(Math.max(Math.ceil(leftMs / 1000), 0)));
  if (left.textContent !== text) left.textContent = text;
  if (leftMs < -500) update();
}

/** Screen readers hear a change of state once; the countdown is not read out. */
function announceState(session) {
  const text = pageWords().session[session.status]?.text ?? session.status;
  announce(`${session.session}: ${text}`);
}

on('session', (session) => {
  if (session.session === NAME) announceState(session);
  update();
});
on('qr', (code) => {
  if (code.session === NAME) showQr(code);
});
on('up', update);
setInterval(countDown, 1000);
setInterval(() => {
  if (!document.hidden) update();
}, LOOK_EVERY_MS);
countDown();
document
  .querySelector('#session-tabs [aria-current]')
  ?.scrollIntoView({ block: 'nearest', inline: 'center' });
