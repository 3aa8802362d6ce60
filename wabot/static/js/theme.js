/** Light, dark or as the system is: chosen without leaving the page. The cookie is the one the server keeps (blueprints/theme.py). */
const NAMES = { light: 'wabot', dark: 'wabot-dark' };
const COOKIE = 'wabot_theme';
const YEAR_S = 365 * 24 * 3600;

/** @param {string} choice light, dark or system */
function keep(choice) {
  const secure = location.protocol === 'https:' ? '; secure' : '';
  const age = choice in NAMES ? YEAR_S : 0;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API isn't there over plain http
  document.cookie = `${COOKIE}=${choice}; path=/; max-age=${age}; samesite=lax${secure}`;
}

function show(choice) {
  const root = document.documentElement;
  if (choice in NAMES) root.dataset.theme = NAMES[choice];
  else delete root.dataset.theme;
  for (const button of document.querySelectorAll('[data-theme-form] button'))
    button.setAttribute('aria-pressed', String(button.value === choice));
}

export function watchTheme() {
  document.addEventListener('submit', (event) => {
    if (event.target.dataset.themeForm === undefined) return;
    event.preventDefault();
    keep(event.submitter.value);
    show(event.submitter.value);
  });
}
