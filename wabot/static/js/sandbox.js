/** The virtual phone: its screen reloads every second while somebody is looking at it. */
import { on } from './live.js';
import { calmly, read, refresh } from './refresh.js';
import { localiseTimes } from './time.js';
import { pageData } from './words.js';

const EVERY_MS = 1000;

function toEnd(screen) {
  if (screen.dataset.follow !== undefined) screen.scrollTop = screen.scrollHeight;
}

async function readScreen() {
  const screen = document.getElementById('phone-screen');
  const fresh = (await read(pageData().screen)).getElementById('phone-screen');
  if (fresh === null) throw new Error("the answer holds no phone's screen");
  localiseTimes(fresh);
  localiseTimes(screen);
  if (screen.innerHTML === fresh.innerHTML) return;
  const atEnd = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 40;
  screen.replaceChildren(...document.importNode(fresh, true).childNodes);
  if (atEnd) toEnd(screen);
}

const update = calmly(readScreen, EVERY_MS);

if (pageData().screen) {
  toEnd(document.getElementById('phone-screen'));
  setInterval(() => {
    if (!document.hidden) update();
  }, EVERY_MS);
}
on(
  'session',
  calmly(() => refresh(['phone-scan', 'phone-devices'], { url: pageData().here }), 300),
);
