/** The dashboard follows sessions and messages as they change. */
import { announce } from './announce.js';
import { on } from './live.js';
import { calmly, refresh } from './refresh.js';
import { showTick } from './ticks.js';
import { pageWords } from './words.js';

const update = calmly(() => refresh(['next-step', 'sessions', 'today', 'scheduled', 'chart', 'recent']), 600);

on('session', (session) => {
  announce(`${session.session}: ${pageWords().session[session.status]?.text ?? session.status}`);
  update();
});
on('up', update);
on('message', (message) => {
  showTick(message);
  update();
});
// A missing heartbeat is not pushed.
setInterval(() => {
  if (!document.hidden) update();
}, 10_000);
