/**
 * Files of messages: where WhatsApp Web keeps what it knows of them, and how they are fetched. What is fetched is checked
 * against the hash in the message. There is no encryption here: the key is only what the server wants to see.
 */

/** @typedef {import('../media.js').Media} Media */
/** @typedef {{directPath: string, filehash: string, mediaKey: string}} Source */

/**
 * What a message with a file carries. `mediaStage` is INIT until somebody asks for the file.
 *
 * @param {Media | undefined} media
 * @param {string} caption
 * @param {number} t seconds
 */
export function mediaAttributes(media, caption, t) {
  if (!media) return {};
  return {
    caption,
    mimetype: media.mimetype,
    filename: media.filename,
    size: media.size,
    directPath: `/v/${media.hash}`,
    encFilehash: media.hash,
    filehash: media.hash,
    mediaKey: media.key,
    mediaKeyTimestamp: t,
    mediaData: { mediaStage: 'INIT' },
  };
}

class MediaError extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`the file could not be fetched: ${status}`);
    this.status = status;
  }
}

/** @param {Source} source @returns {Promise<ArrayBuffer>} */
export async function download({ directPath, filehash, mediaKey }) {
  const answer = await fetch(`${directPath}?key=${encodeURIComponent(mediaKey)}`, { cache: 'no-store' });
  if (!answer.ok) throw new MediaError(answer.status);
  const bytes = await answer.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hash = btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '');
  if (hash !== filehash) throw new MediaError(0);
  return bytes;
}

/** @param {any} msg */
export async function attached(msg) {
  msg.mediaData.mediaStage = 'FETCHING';
  try {
    await download(msg);
    msg.mediaData.mediaStage = 'RESOLVED';
  } catch (error) {
    msg.mediaData.mediaStage = error instanceof MediaError ? 'ERROR_MISSING' : 'ERROR_UNKNOWN';
  }
}
