/**
 * Which LID belongs to which number. The page knows only what it asked the server for, and keeps it.
 */
import { createWid } from './wid.js';

/** @typedef {import('./wid.js').Wid} Wid */

export class Addresses {
  /** @type {Map<string, string>} */
  #lidOf = new Map();
  /** @type {Map<string, string>} */
  #numberOf = new Map();

  /**
   * @param {import('./link.js').Link} link
   * @param {import('./storage.js').Storage} storage
   * @param {'lid' | 'pn'} addressing
   */
  constructor(link, storage, addressing) {
    this.link = link;
    this.storage = storage;
    this.addressing = addressing;
  }

  async load() {
    for (const [number, lid] of await this.storage.lids()) this.#know(number, lid);
  }

  /**
   * @param {string} number
   * @param {string} lid
   */
  #know(number, lid) {
    this.#lidOf.set(number, lid);
    this.#numberOf.set(lid, number);
  }

  /**
   * @param {Wid} wid
   * @returns {Wid | undefined}
   */
  getCurrentLid(wid) {
    if (this.addressing === 'pn') return undefined;
    const lid = wid.isLid() ? wid.user : this.#lidOf.get(wid.user);
    return lid === undefined ? undefined : createWid(`${lid}@lid`);
  }

  /**
   * @param {Wid} wid
   * @returns {Wid | undefined}
   */
  getPhoneNumber(wid) {
    const number = wid.isLid() ? this.#numberOf.get(wid.user) : wid.user;
    return number === undefined ? undefined : createWid(`${number}@c.us`);
  }

  /** @param {Wid} wid */
  getAlternateUserWid(wid) {
    return wid.isLid() ? this.getPhoneNumber(wid) : this.getCurrentLid(wid);
  }

  /**
   * Asks the server whether the person is on WhatsApp.
   *
   * @param {string | Wid} like
   * @returns {Promise<{wid: Wid} | null>}
   */
  async queryWidExists(like) {
    const wid = createWid(like);
    const found = await this.link.ask({ t: 'exists', to: String(wid) });
    if (!found) return null;
    if (this.addressing === 'lid' && found.number !== null) {
      this.#know(found.number, found.lid);
      await this.storage.keepLid(found.number, found.lid);
    }
    return { wid };
  }
}
