// The browser is the system's Chromium (CHROMIUM_PATH): puppeteer must never fetch its own.
module.exports = { skipDownload: true };
