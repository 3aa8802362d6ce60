/** One message: its timeline grows while it is looked at. */
import { on } from './live.js';
import { calmly, refresh } from './refresh.js';
import { showTick } from './ticks.js';
import { pageData } from './words.js';

const update = calmly(() => refresh(['way', 'message-head', 'message-details', 'message-timeline']), 150);

on('up', update);
on('message', (message) => {
  if (message.id !== pageData().id) return;
  showTick(message);
  update();
});
