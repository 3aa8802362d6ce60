/**
 * Sets the theme before the first paint. Loaded in <head> as a plain, blocking script.
 * Without a choice in localStorage["theme"] the system's theme holds.
 */
;(() => {
  const root = document.documentElement
  root.classList.add('js')
  try {
    const theme = localStorage.getItem('theme')
    if (theme === 'wabot' || theme === 'wabot-dark') root.dataset.theme = theme
  } catch {
    // Storage is switched off in this browser: the system's theme holds.
  }
})()
