/** The API's reference: finding a call, the examples' language, and trying a call with a key that is kept nowhere. */
import { ask } from './ask.js';
import { say } from './words.js';

const SHOWN_AT_MOST = 20_000;
/** A call may wait for half a minute itself, until its message is sent. */
const WITHIN_MS = 60_000;
/** A header can't carry it. */
const NO_KEY = /[^!-~]/;

function watchFinding() {
  const field = document.querySelector('[data-find]');
  if (field === null) return;
  field.addEventListener('input', () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const calls = [...document.querySelectorAll('[data-call]')];
    for (const call of calls) call.hidden = !words.every((word) => call.dataset.call.includes(word));
    for (const group of document.querySelectorAll('[data-group]'))
      group.hidden = group.querySelector('[data-call]:not([hidden])') === null;
    document.querySelector('[data-found]').textContent = say('calls_found', {
      n: calls.filter((call) => !call.hidden).length,
    });
  });
}

function showLanguage(language) {
  for (const button of document.querySelectorAll('[data-language]'))
    button.setAttribute('aria-pressed', String(button.dataset.language === language));
  for (const snippet of document.querySelectorAll('[data-snippet]'))
    snippet.hidden = snippet.dataset.snippet !== language;
}

function watchLanguages() {
  const buttons = [...document.querySelectorAll('[data-language]')];
  for (const button of buttons) button.addEventListener('click', () => showLanguage(button.dataset.language));
  if (buttons.length > 0) showLanguage(buttons[0].dataset.language);
}

/** The address and options of the call as it stands in the form. Throws an Error with words for people. */
function request(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const field of form.querySelectorAll('[data-parameter]'))
    if (field.dataset.in === 'path')
      path = path.replace(`{${field.dataset.parameter}}`, encodeURIComponent(field.value));
    else if (field.value !== '') query.set(field.dataset.parameter, field.value);
  const headers = {};
  const key = form.querySelector('[data-key]')?.value.trim();
  if (NO_KEY.test(key)) throw new Error(say('no_key'));
  if (key) headers.Authorization = `Bearer ${key}`;
  const body = form.querySelector('[data-body]')?.value.trim();
  if (body) headers['Content-Type'] = 'application/json';
  const url = query.size > 0 ? `${path}?${query}` : path;
  return {
    url,
    query,
    options: { method: form.dataset.method, headers, body: body || undefined, credentials: 'omit' },
  };
}

/** The session a message would go out by must be on the sandbox. Throws an Error with words for people. */
async function refuseLive({ query, options }) {
  const given = options.body === undefined ? Object.fromEntries(query) : JSON.parse(options.body);
  const session = given.session ?? 'default';
  const status = `/api/whatsapp/status?session=${encodeURIComponent(session)}`;
  const answer = await ask(status, { headers: options.headers, credentials: 'omit' });
  const found = await answer.json();
  if (!answer.ok) throw new Error(say('status_unseen', { why: found.detail }));
  if (found.network !== 'sandbox') throw new Error(say('session_is_live', { session }));
}

async function answerText(answer) {
  const kind = answer.headers.get('Content-Type') ?? '';
  if (!/json|text|svg/.test(kind))
    return kind === '' ? '' : say('bytes', { kind, n: (await answer.blob()).size });
  const text = await answer.text();
  return kind.includes('json') ? JSON.stringify(JSON.parse(text), null, 2) : text;
}

function show(form, status, text) {
  form.querySelector('[data-answer]').hidden = false;
  form.querySelector('[data-status]').textContent = status;
  form.querySelector('[data-text]').textContent = text.slice(0, SHOWN_AT_MOST);
  form.querySelector('.code').hidden = text === '';
}

async function makeCall(form, { url, options }) {
  const begun = performance.now();
  const answer = await ask(url, options, WITHIN_MS);
  const n = Math.round(performance.now() - begun);
  const status = `${answer.status} ${answer.statusText}`;
  show(form, say('answered_in', { status, n }), await answerText(answer));
}

/** fetch's own words are for programmers, and differ between browsers. */
const isUnanswered = (error) => error.name === 'TimeoutError' || error instanceof TypeError;

async function tryCall(form) {
  let begun = false;
  try {
    const asked = request(form);
    if ('sends' in form.dataset) await refuseLive(asked);
    begun = true;
    await makeCall(form, asked);
  } catch (error) {
    if (!begun)
      show(form, say('call_not_made'), isUnanswered(error) ? say('call_unanswered') : error.message);
    else show(form, say('call_unanswered'), say('call_perhaps_made'));
  }
}

function watchTrying() {
  const form = document.querySelector('[data-try]');
  form?.addEventListener('submit', async (event) => {
    event.preventDefault();
    // Not disabled: that would take the focus from it, and Firefox would keep it so over a reload.
    const button = form.querySelector('button[type="submit"]');
    if (button.getAttribute('aria-busy') === 'true') return;
    button.setAttribute('aria-busy', 'true');
    await tryCall(form);
    button.removeAttribute('aria-busy');
  });
}

watchFinding();
watchLanguages();
watchTrying();
