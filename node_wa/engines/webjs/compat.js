/**
 * Runs in WhatsApp's page before anything of WhatsApp does (so it may use nothing from this module's scope). It mends what
 * the site has changed under the library, without touching the library:
 *
 * - message keys lost `_serialized` in July 2026 (OpenWA #757, wwebjs #201857): they get it back from `toString()`;
 * - the id of a message is made by `WAWebMsgKey.newId`: `wabot.nextId` takes its place once, so that the sender knows the id
 *   before the hand-over and can look an unknown outcome up. That the site keeps to it (`wabot.choosesIds`) is known from the
 *   first message that comes back with the id chosen for it.
 */
export function compat() {
  const page = /** @type {any} */ (window);
  if (page !== page.top) return;
  /** @type {any} */
  const wabot = { nextId: null, choosesIds: false, mended: false };
  Object.defineProperty(page, 'wabot', { value: wabot, enumerable: false });

  /** @param {string} name a module of WhatsApp @returns {any} undefined when this version has none of that name */
  wabot.module = (name) => {
    try {
      return page.require(name);
    } catch {
      return undefined;
    }
  };

  /** @param {any} id a wid, a key or a string @returns {string | null} */
  wabot.text = (id) => {
    if (id === null || id === undefined) return null;
    return typeof id === 'string' ? id : String(id._serialized ?? id);
  };

  /** Old versions assign `_serialized` themselves, and write it out in `toString()`; the setter leaves them their own. @param {any} Key */
  const giveSerialized = (Key) => {
    Object.defineProperty(Key.prototype, '_serialized', {
      configurable: true,
      get() {
        return this.toString();
      },
      set(value) {
        Object.defineProperty(this, '_serialized', {
          value,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      },
    });
  };

  /** @param {any} Key */
  const letChoose = (Key) => {
    const original = Key.newId;
    Key.newId = function newId(/** @type {any[]} */ ...args) {
      const chosen = wabot.nextId;
      if (!chosen) return original.apply(this, args);
      wabot.nextId = null;
      return Promise.resolve(chosen);
    };
  };

  /** Done once a document, as soon as WhatsApp's modules are there. */
  wabot.mend = () => {
    if (wabot.mended) return;
    const module = wabot.module('WAWebMsgKey');
    const Key = typeof module === 'function' ? module : (module?.default ?? module?.MsgKey);
    if (typeof Key !== 'function') return;
    wabot.mended = true;
    giveSerialized(Key);
    if (typeof Key.newId === 'function') letChoose(Key);
  };
}
