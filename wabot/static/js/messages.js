/** The message log: ticks change in place, new messages appear on top of the first page. */
import { on } from './live.js';
import { calmly, refresh } from './refresh.js';
import { showTick } from './ticks.js';

// The server draws the list, so that filters mean the same for rows that come later.
const update = calmly(() => refresh(['message-list']), 700);

on('up', update);
on('message', (message) => {
  if (message.direction === 'in') return;
  showTick(message);
  update();
});
