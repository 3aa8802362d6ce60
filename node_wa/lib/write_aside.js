import { open, rename } from 'node:fs/promises';

/**
 * Replaces a file as a whole: whoever reads it, after a crash too, finds the old text or the new one.
 * @param {string} file
 * @param {string} text
 */
export async function writeAside(file, text) {
  const aside = `${file}.new`;
  const handle = await open(aside, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(aside, file);
}
