/**
 * Runs in WhatsApp's page: proves every ability without sending anything to anybody, so that a site that has changed shows
 * as a reason and not as a false `connected`.
 */
export function checking() {
  const page = /** @type {any} */ (window);
  const { wabot } = page;
  if (!wabot) return;

  /** @param {string} name @param {string[]} functions */
  const offers = (name, ...functions) => {
    const module = wabot.module(name);
    return functions.every((fn) => typeof module?.[fn] === 'function');
  };

  const canSend = async () => {
    const modules = [
      offers('WAWebSendMsgChatAction', 'addAndSendMsgToChat'),
      offers('WAWebFindChatAction', 'findOrCreateLatestChat'),
      offers('WAWebChatGetters', 'getIsNewsletter', 'getIsBroadcast'),
      offers('WAWebGetEphemeralFieldsMsgActionsUtils', 'getEphemeralFields'),
      offers('WALinkify', 'findLink', 'findLinks'),
      offers('WAWebWidFactory', 'createWid'),
    ];
    const { sendMessage, getChat, getMessageModel } = page.WWebJS ?? {};
    const library = [sendMessage, getChat, getMessageModel].every((fn) => typeof fn === 'function');
    return (
      library && !modules.includes(false) && typeof (await page.require('WAWebMsgKey').newId()) === 'string'
    );
  };

  const canMapLids = () => {
    const me = page.require('WAWebUserPrefsMeUser').getMaybeMePnUser();
    if (me) page.require('WAWebApiContact').getCurrentLid(me);
    return (
      offers('WAWebApiContact', 'getCurrentLid', 'getPhoneNumber') &&
      Boolean(page.WWebJS.enforceLidAndPnRetrieval)
    );
  };

  const canFind = () => typeof page.require('WAWebCollections').Msg.get === 'function';
  const canLogOut = () => typeof page.require('WAWebSocketModel').Socket.logout === 'function';

  /** @type {Record<string, () => boolean | Promise<boolean>>} */
  const PROBES = {
    send: canSend,
    acks: () => wabot.listening.acks,
    incoming: () => wabot.listening.incoming,
    number_check: () => offers('WAWebQueryExistsJob', 'queryWidExists'),
    lid_map: canMapLids,
    find: canFind,
    logout: canLogOut,
  };

  /** @returns {Promise<string[]>} names of the abilities that do not answer */
  wabot.check = async () => {
    wabot.mend();
    const missing = [];
    for (const [ability, probe] of Object.entries(PROBES)) {
      const works = await Promise.resolve()
        .then(probe)
        .catch(() => false);
      if (!works) missing.push(ability);
    }
    return missing;
  };
}
