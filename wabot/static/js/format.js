/**
 * WhatsApp's own marks in a text, as DOM nodes: *bold*, _italic_, ~strike~, ```mono``` and `mono`, links, > quotes and - lists.
 * A mark counts where words begin and end and hugs its text, as in WhatsApp. Only text nodes are made, never HTML.
 * This is for what is being written; what stands in a page was drawn by blueprints/_marks.py, by the same rules.
 */
const MARKS = [
  { tag: 'code', pattern: /```([^`]+)```/u, plain: true },
  { tag: 'code', pattern: /(?<![\p{L}\p{N}`])`([^`\n]+)`(?![\p{L}\p{N}`])/u, plain: true },
  { tag: 'a', pattern: /\b(?:https?:\/\/|www\.)[^\s<>"']+[^\s<>"'.,;:!?)]/u, plain: true },
  { tag: 'strong', pattern: /(?<![\p{L}\p{N}*])\*(?!\s)([^*\n]+?)(?<!\s)\*(?![\p{L}\p{N}*])/u },
  { tag: 'em', pattern: /(?<![\p{L}\p{N}_])_(?!\s)([^_\n]+?)(?<!\s)_(?![\p{L}\p{N}_])/u },
  { tag: 's', pattern: /(?<![\p{L}\p{N}~])~(?!\s)([^~\n]+?)(?<!\s)~(?![\p{L}\p{N}~])/u },
];
const QUOTE = /^> (.*)$/mu;
const BULLET = /^[-*] (?=\S)/gmu;

function firstMark(text) {
  let first = null;
  for (const mark of MARKS) {
    const found = mark.pattern.exec(text);
    if (found !== null && (first === null || found.index < first.found.index)) first = { mark, found };
  }
  return first;
}

function element({ mark, found }) {
  const node = document.createElement(mark.tag);
  const inner = found[1] ?? found[0];
  if (mark.plain) node.textContent = inner;
  else node.append(...inline(inner));
  return node;
}

function inline(text) {
  const nodes = [];
  let rest = text;
  for (let first = firstMark(rest); first !== null; first = firstMark(rest)) {
    if (first.found.index > 0) nodes.push(document.createTextNode(rest.slice(0, first.found.index)));
    nodes.push(element(first));
    rest = rest.slice(first.found.index + first.found[0].length);
  }
  if (rest !== '') nodes.push(document.createTextNode(rest));
  return nodes;
}

/** @param {string} text @returns {Node[]} */
export function format(text) {
  const nodes = [];
  let rest = text;
  for (let found = QUOTE.exec(rest); found !== null; found = QUOTE.exec(rest)) {
    nodes.push(...inline(bulleted(rest.slice(0, found.index))));
    const quote = document.createElement('q');
    quote.append(...inline(found[1]));
    nodes.push(quote);
    rest = rest.slice(found.index + found[0].length).replace(/^\n/u, '');
  }
  return [...nodes, ...inline(bulleted(rest))];
}

const bulleted = (text) => text.replace(BULLET, '• ');
