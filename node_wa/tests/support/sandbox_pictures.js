/** Draws QR codes as people meet them: on white, small on a wide page, see-through. */
import { PNG } from 'pngjs';
import qrcode from 'qrcode-generator';

/**
 * @typedef {object} Look
 * @property {number} module size of a module in pixels
 * @property {[number, number]} [canvas] width and height; by default just code and quiet zone
 * @property {[number, number]} [at] where on the canvas
 * @property {boolean} [seeThrough] dark modules on transparency
 * @property {boolean} [busy] other things on the page
 */

/**
 * @param {string} text
 * @param {Look} look
 * @returns {string} PNG in base64
 */
export function picture(text, look) {
  const code = qrcode(0, 'M');
  code.addData(text, 'Byte');
  code.make();
  const quiet = 4 * look.module;
  const side = code.getModuleCount() * look.module + 2 * quiet;
  const [width, height] = look.canvas ?? [side, side];
  const png = new PNG({ width, height });
  png.data.fill(look.seeThrough ? 0 : 255);
  if (look.busy) drawBusyPage(png);
  const [left, top] = look.at ?? [0, 0];
  rectangle(png, left, top, side, side, [255, 255, 255, look.seeThrough ? 0 : 255]);
  for (let row = 0; row < code.getModuleCount(); row += 1) {
    for (let column = 0; column < code.getModuleCount(); column += 1) {
      if (!code.isDark(row, column)) continue;
      const x = left + quiet + column * look.module;
      rectangle(png, x, top + quiet + row * look.module, look.module, look.module, [17, 24, 39, 255]);
    }
  }
  return PNG.sync.write(png).toString('base64');
}

/** A header, a side bar and lines of text. @param {PNG} png */
function drawBusyPage(png) {
  rectangle(png, 0, 0, png.width, 56, [10, 107, 79, 255]);
  rectangle(png, 0, 56, 200, png.height - 56, [241, 245, 249, 255]);
  for (let y = 90; y < png.height - 12; y += 24) {
    for (let x = 20; x < 180; x += 9) rectangle(png, x, y, 6, 10, [71, 85, 105, 255]);
  }
}

/**
 * @param {PNG} png
 * @param {number} left
 * @param {number} top
 * @param {number} width
 * @param {number} height
 * @param {number[]} rgba
 */
function rectangle(png, left, top, width, height, rgba) {
  for (let y = top; y < top + height; y += 1) {
    for (let x = left; x < left + width; x += 1) png.data.set(rgba, (y * png.width + x) * 4);
  }
}
