/**
 * The contract between a host and an engine. One file in this folder is one engine; it is found by its name and must export
 * `name`, `abilities` and `create`. It must load nothing heavy before `create` is called: the gateway reads it too.
 *
 * An engine instance lives once: created, started, stopped. A new attempt is a new instance.
 */

/**
 * `resend_same_id`: WhatsApp drops a second message of the same id, so `find` may send it again, and has found what is confirmed.
 * @typedef {'send' | 'acks' | 'incoming' | 'number_check' | 'lid_map' | 'logout' | 'qr' | 'pairing_code' | 'find' | 'resend_same_id' | 'media' | 'seen'} Ability */

/** @typedef {'pending' | 'sent' | 'delivered' | 'read' | 'failed'} Ack */

/**
 * @typedef {object} EngineModule
 * @property {string} name
 * @property {readonly Ability[]} abilities
 * @property {(options: EngineOptions) => Engine} create
 * @property {(log: import('pino').Logger) => Promise<unknown>} [preload] loads what is heavy, ahead of a host's first session
 * @property {string} [library] the package it needs; where that is not installed, there is no such engine
 * @property {boolean} [experimental] said wherever it is offered, and refused on the live network until the operator allows it
 * @property {{perHost?: number, perNetwork?: boolean, heap?: number}} [hosting] sessions in one host; whether those of the sandbox need a
 *   host of their own; the host's memory for objects, MB. With it the engine is light: it needs no browser
 * @property {boolean} [stored] its logins are in the database (`state.…` of `ask`), not in the session's directory
 * @property {(profiles: string) => Promise<number>} [sweep] ends what an earlier life of the gateway left running under that
 *   directory; how many
 */

/**
 * @typedef {object} EngineOptions
 * @property {string} directory the session's own directory; the engine may keep what it likes in it
 * @property {'live' | 'sandbox'} network
 * @property {'qr' | 'code'} method how to link when no login is stored
 * @property {string | null} phone `+E164`, for method `code`
 * @property {boolean} linked a login was stored when it was last seen
 * @property {number} recoverSince epoch ms: incoming messages from then on are told after a start, though they came before it
 * @property {import('../config.js').EngineSettings} settings
 * @property {(type: keyof EngineEvents, data: any) => void} emit
 * @property {Ask} ask
 * @property {import('pino').Logger} log
 */

/**
 * What an engine asks the gateway for; rejects with a coded error.
 *   `state.open` {}                      {creds: text | null}; this run is the login's one writer from then on
 *   `state.get`  {type, ids}             {<id>: text} of those there are
 *   `state.set`  {changes: [[type, id, text | null], …]}   durable as a whole when it settles
 *   `tell`       {type, data}            an event, in the journal when it settles
 * @typedef {(what: 'state.open' | 'state.get' | 'state.set' | 'tell', args: object) => Promise<any>} Ask
 */

/**
 * What an engine tells, and when. Every event may come more than once; after `ended` none comes.
 * @typedef {object} EngineEvents
 * @property {{pid: number}} browser the process whose group is the session's memory
 * @property {{qr: string, expires_at: string}} qr a new text to draw
 * @property {{code: string}} pairing_code
 * @property {{}} authenticating the login is being checked, or the phone has just linked
 * @property {{}} progress still alive while syncing
 * @property {{phone: string | null, push_name: string | null, web_version: string | null, missing: string[]}} ready connected, and the
 *   self-check passed; `missing` are abilities it can do without
 * @property {{state: EngineState}} state the connection changed after `ready`
 * @property {{wa_message_id: string, ack: Ack, at: string}} ack
 * @property {ReceivedMessage} message
 * @property {{}} caught_up every message since `recoverSince` has been told
 * @property {Ended} ended it is over
 */

/**
 * @typedef {object} Ended
 * @property {string} reason a reason code of the session
 * @property {string} detail
 * @property {string | null} [web_version] with `whatsapp_changed`, when it is known
 * @property {string[]} [missing] abilities, with `whatsapp_changed`
 */

/** @typedef {'connected' | 'connecting'} EngineState `connecting`: WhatsApp can't be reached just now, the engine tries by itself */

/** @typedef {{phone: string | null, lid: string | null}} Party `phone` is `+E164`, `lid` is `<digits>@lid` */

/**
 * @typedef {object} ReceivedMessage
 * @property {string} wa_message_id
 * @property {Party} chat
 * @property {Party | null} from null when it is our own
 * @property {boolean} from_me written on the phone or on another linked device; what `send` was given is not told
 * @property {Ack | null} ack of an own message
 * @property {string | null} push_name the name its writer gave themselves
 * @property {string | null} contact_name the chat's name in the phone's address book
 * @property {string} body the text, or the caption of a file
 * @property {string} kind `text`, or WhatsApp's own name of the kind
 * @property {{mimetype: string | null, filename: string | null, size: number | null} | null} media as its sender says
 * @property {{wa_message_id: string, body: string, kind: string, from_me: boolean | null} | null} quoted `body`: its first 500 characters
 * @property {string} at RFC 3339
 * @property {boolean} recovered found by looking back after a start; it may have been told before
 */

/** @typedef {{to: string, body: string, wa_message_id: string}} OutgoingMessage `to` is `+E164` */

/** @typedef {{wa_message_id: string, ack: Ack} | {code: string, detail: string}} Outcome of a message that was tried */

/** @typedef {{wa_message_id: string, to: string, body: string, since: string}} Wanted */

/**
 * `alike`: what was not found by its id may be one of these, oldest first, that have its text; only where it isn't sure that
 * the engine can choose ids.
 * @typedef {{found: true, wa_message_id: string, ack: Ack} | {found: false, alike?: {wa_message_id: string, ack: Ack}[]}} Found
 */

/** @typedef {{wa_message_id: string, chat: Party, from_me: boolean, max_bytes: number, file: string}} WantedMedia `file`: where to */

/** @typedef {{sha256: string, size: number, mimetype: string | null, filename: string | null}} FetchedMedia hex; the types as its sender says */

/**
 * Errors are GatewayErrors. `send`: `not_on_whatsapp`, `session_not_connected`, `busy` and `engine_error` promise that nothing went
 * out, `outcome_unknown` that it may have; rejected with that, any of the messages may. `start`: a reason code.
 * @typedef {object} Engine
 * @property {() => Promise<void>} start settles when the launch has settled; the rest is told by events
 * @property {() => Promise<void>} stop keeps the login; settles when every process of the engine has exited
 * @property {() => Promise<{told: boolean}>} logout unlinks at WhatsApp, then stops; `told` is whether WhatsApp heard of it
 * @property {(messages: OutgoingMessage[]) => Promise<Outcome[]>} send one after the other, in the order of the calls: the first, and as
 *   many more as go within a moment, none after one that failed; the outcomes of those that were tried
 * @property {(wanted: Wanted) => Promise<Found>} find looks into WhatsApp itself
 * @property {(wanted: WantedMedia) => Promise<FetchedMedia>} [media] the file is on disk when it settles; errors `media_gone`,
 *   `media_too_large`, `media_unavailable`, `busy`
 * @property {(read: {chat: Party}) => Promise<{seen: boolean}>} [seen] tells WhatsApp that the chat was read; it may be unable to
 * @property {() => Promise<{state: EngineState}>} state a look at the real thing, never a memory
 * @property {(phone: string) => Promise<{exists: boolean}>} checkNumber
 * @property {() => Promise<{missing: string[]}>} selfCheck proves every ability without sending anything
 */

export {};
