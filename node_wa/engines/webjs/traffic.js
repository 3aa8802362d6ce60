/**
 * What the browser tells Node of its network. That is needed until the session works; from then on it is a burden, since every frame
 * of WhatsApp's own socket is told, too, and answers are kept to be asked for. Of a page that loads itself anew it is told again from
 * the moment it is there; with which status it came it knows itself.
 *
 * Quiet must be the session that puppeteer itself listens to: `_client`, which it doesn't document.
 */
export class Traffic {
  #isTold = true;

  /** @param {any} page of puppeteer */
  constructor(page) {
    this.page = page;
  }

  /** @param {any} channel a CDP session of the page's own @param {() => void} onDocument it has another document of WhatsApp */
  async attend(channel, onDocument) {
    channel.on('Page.frameNavigated', (/** @type {any} */ { frame }) => {
      if (frame.parentId || frame.unreachableUrl) return;
      this.#tell(true);
      onDocument();
    });
    await channel.send('Page.enable');
  }

  /** The session works: not a word until the next document. */
  hush() {
    return this.#tell(false);
  }

  /** @param {boolean} isTold */
  async #tell(isTold) {
    if (this.#isTold === isTold) return;
    this.#isTold = isTold;
    const gone = () => undefined; // the page's end is told by others
    await this.page
      ._client()
      .send(isTold ? 'Network.enable' : 'Network.disable')
      .catch(gone);
  }
}
