/** The inbox: chats and messages arrive live, answers are sent without leaving the page, and what is seen is marked as read. */
import { announce } from './announce.js';
import { ask } from './ask.js';
import { growWithLines } from './grow.js';
import { on } from './live.js';
import { calmly, refresh, replace } from './refresh.js';
import { showTick } from './ticks.js';
import { localiseTimes } from './time.js';
import { pageData, say } from './words.js';

const AT_END_PX = 80;
const VIEWING = 'viewing' in document.documentElement.dataset;
const { chat: CHAT, read: READ } = pageData();
const scroller = document.querySelector('.conversation-scroll');
const messages = document.getElementById('messages');
const NEWEST = messages?.dataset.newest === '1';

const token = () => document.querySelector('input[name=csrf_token]')?.value ?? '';
const isAtEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < AT_END_PX;
const toEnd = () => {
  scroller.scrollTop = scroller.scrollHeight;
};

/** What a person sees of it: the CSRF token, which is new in each rendering, is no change. */
const looks = (node) => node.outerHTML.replace(/name="csrf_token" value="[^"]*"/g, '');

/** An unchanged message keeps its node, so that sound or video goes on playing. */
function mergeMessages(fresh) {
  localiseTimes(fresh);
  const items = [...fresh.children];
  const ids = new Set(items.map((item) => item.id));
  const first = items[0]?.id ?? '';
  for (const old of [...messages.children])
    if (!ids.has(old.id) && (old.id >= first || old.id === '')) old.remove();
  for (const item of items) {
    const old = item.id ? document.getElementById(item.id) : null;
    if (old === null) messages.append(document.importNode(item, true));
    else if (looks(old) !== looks(item)) replace(old, item);
  }
}

async function page(url, options = {}) {
  const answer = await ask(url, { ...options, headers: { Accept: 'text/html' }, cache: 'no-store' });
  return { answer, fresh: new DOMParser().parseFromString(await answer.text(), 'text/html') };
}

/** @param {Document} fresh */
function takeMessages(fresh) {
  const list = fresh.getElementById('messages');
  if (list === null || messages === null || !NEWEST) return;
  const follow = isAtEnd();
  mergeMessages(list);
  if (follow) toEnd();
}

async function update() {
  await refresh(['chat-list', 'chat-head', 'session-state', 'unread-total', 'unread-total-narrow']);
  if (CHAT === null || !NEWEST) return;
  const { answer, fresh } = await page(location.href);
  if (answer.ok) takeMessages(fresh);
  await markRead();
}

/** Whoever looks at the newest messages has read them. */
async function markRead() {
  const unread = Number(document.getElementById('chat-head')?.dataset.unread ?? 0);
  if (VIEWING || unread === 0 || document.hidden || !NEWEST) return;
  const body = new FormData();
  body.set('csrf_token', token());
  const answer = await ask(READ, { method: 'POST', body, redirect: 'manual' });
  if (answer.type === 'opaqueredirect') document.getElementById('chat-head').dataset.unread = '0';
}

const look = calmly(update, 250);

function announceMessage(message) {
  if (message.direction !== 'in' || message.status !== 'received') return;
  const row = document.querySelector(`[data-chat-row] [data-message="${CSS.escape(message.id)}"]`);
  if (row !== null) return;
  const who = message.push_name ?? message.from ?? say('unknown_number');
  const what = message.message || message.kind || say('a_message');
  announce(say('new_message', { who, what: what.slice(0, 200) }));
}

/** @param {HTMLFormElement} form @param {string} why */
function refuse(form, why) {
  const error = form.querySelector('#reply-error');
  error.querySelector('span').textContent = why;
  error.hidden = false;
  delete form.dataset.sent;
  form.elements.message.focus();
}

/**
 * The key stays until the server has taken the answer: sending again can't double it.
 * @param {HTMLFormElement} form
 * @param {() => void} fit
 */
async function send(form, fit) {
  const { message, idempotency_key: key } = form.elements;
  if (message.value.trim() === '') return;
  const typed = message.value;
  try {
    const { answer, fresh } = await page(form.action, { method: 'POST', body: new FormData(form) });
    if (!answer.ok) {
      look();
      return refuse(form, fresh.querySelector('#reply-error span')?.textContent.trim() || say('not_sent'));
    }
    if (message.value === typed) message.value = '';
    fit();
    key.value = fresh.querySelector('[data-reply] [name=idempotency_key]')?.value ?? crypto.randomUUID();
    form.querySelector('#reply-error').hidden = true;
    delete form.dataset.sent;
    if (!NEWEST) return location.assign(answer.url);
    takeMessages(fresh);
    toEnd();
    message.focus();
    look();
  } catch (error) {
    console.info('The answer could not be sent.', error);
    refuse(form, say('no_answer'));
  }
}

function watchReply(form) {
  const fit = growWithLines(form.elements.message);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (form.dataset.sending === '1') return;
    form.dataset.sending = '1';
    send(form, fit).finally(() => delete form.dataset.sending);
  });
  form.elements.message.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

/** Earlier messages go on top; what the reader is looking at stays where it is. @param {HTMLAnchorElement} link */
async function showEarlier(link) {
  const { answer, fresh } = await page(link.href);
  const list = fresh.getElementById('messages');
  if (!answer.ok || list === null) throw new Error(`${link.href} answered ${answer.status}`);
  const before = scroller.scrollHeight - scroller.scrollTop;
  localiseTimes(list);
  messages.prepend(...[...list.children].map((item) => document.importNode(item, true)));
  document.getElementById('earlier').replaceWith(document.importNode(fresh.getElementById('earlier'), true));
  scroller.scrollTop = scroller.scrollHeight - before;
  scroller.focus();
}

/** A second click while they are being fetched would put the same messages there twice. @param {HTMLAnchorElement} link */
function askForEarlier(link) {
  if (link.dataset.asked === '1') return;
  link.dataset.asked = '1';
  const missed = document.getElementById('earlier-missed');
  missed.textContent = '';
  showEarlier(link)
    .catch((error) => {
      console.info('Earlier messages could not be read.', error);
      missed.textContent = say('earlier_missed');
    })
    .finally(() => delete link.dataset.asked);
}

/** Arrow keys go from chat to chat. */
function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const link = event.target.closest('.chat-link');
  if (step === undefined || link === null) return;
  const links = [...document.querySelectorAll('.chat-link')];
  const next = links[links.indexOf(link) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

on('message', (message) => {
  showTick(message);
  announceMessage(message);
  look();
});
on('chat', look);
on('session', look);
on('up', look);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) look();
});
document.addEventListener('keydown', walk);
document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-earlier]');
  if (link === null) return;
  event.preventDefault();
  askForEarlier(link);
});
const form = document.querySelector('[data-reply]');
if (form !== null) watchReply(form);
if (messages !== null) {
  if (NEWEST) toEnd();
  markRead().then(look);
}
