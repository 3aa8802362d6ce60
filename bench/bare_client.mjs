/** whatsapp-web.js as its documentation shows it: a Client with LocalAuth, and help over the one signal that it may miss. */
import { createRequire } from 'node:module';

const { Client, LocalAuth } = createRequire(new URL('../node_wa/', import.meta.url))('whatsapp-web.js');
const LOOK_MS = 20;

/** @param {string} directory of its login @param {object} launch of the browser */
export const bareClient = (directory, launch) =>
  new Client({
    authStrategy: new LocalAuth({ dataPath: directory }),
    webVersionCache: { type: 'none' },
    puppeteer: launch,
  });

/** The library misses the signal when the page has synced before it listens (wwebjs #5774): without this it is never ready. */
const nudge = () => {
  const page = /** @type {any} */ (window);
  if (page.require('WAWebSocketModel').Socket.hasSynced && !page.WWebJS) page.onAppStateHasSyncedEvent();
};

/** Until it is ready, which it may be already. @param {any} client that is initialized */
export function nudging(client) {
  const timer = setInterval(() => {
    if (client.info) clearInterval(timer);
    else client.pupPage.evaluate(nudge).catch(() => undefined);
  }, LOOK_MS);
}
