/** Linking a WhatsApp account: the state, the code to scan and its countdown change without a reload. */
import { on } from './live.js'
import { calmly, refresh } from './refresh.js'
import { pageData, pageWords } from './words.js'

const NAME = pageData().session
const update = calmly(async () => {
  await refresh(['session-panel', 'session-tabs'])
  countDown()
}, 60)

/** The picture goes into an <img>: nothing inside an SVG can act there. */
function showQr({ svg, expires_at: expiresAt }) {
  const box = document.getElementById('qr')
  if (box === null) return update()
  const image = document.createElement('img')
  const named = svg.includes('xmlns=') ? svg : svg.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"')
  image.src = `data:image/svg+xml,${encodeURIComponent(named)}`
  image.alt = 'QR code to scan with WhatsApp'
  box.replaceChildren(image)
  const left = document.getElementById('qr-left')
  if (left !== null && expiresAt) left.dataset.expires = expiresAt
  countDown()
}

function countDown() {
  const left = document.getElementById('qr-left')
  if (left === null || !left.dataset.expires) return
  const seconds = Math.round((Date.parse(left.dataset.expires) - Date.now()) / 1000)
  const text = seconds > 0 ? `New code in ${seconds} s` : 'A new code is on its way…'
  if (left.textContent !== text) left.textContent = text
}

/** Readers hear the change of state once; the countdown is not read out. */
function announce(session) {
  const text = pageWords().session[session.status]?.text ?? session.status
  document.getElementById('announce').textContent = `${session.session}: ${text}`
}

on('session', (session) => {
  if (session.session === NAME) announce(session)
  update()
})
on('qr', (code) => {
  if (code.session === NAME) showQr(code)
})
on('up', update)
setInterval(countDown, 1000)
countDown()
