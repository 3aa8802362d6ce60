/**
 * WhatsApp's own marks in a text, as DOM nodes: *bold*, _italic_, ~strike~, ```mono``` and links.
 * A mark counts where words begin and end and hugs its text, as in WhatsApp. Only text nodes are made, never HTML.
 */
const MARKS = [
  { tag: 'code', pattern: /```([^`]+)```/u, plain: true },
  { tag: 'a', pattern: /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)]/u, plain: true },
  { tag: 'strong', pattern: /(?<![\p{L}\p{N}*])\*(?!\s)([^*\n]+?)(?<!\s)\*(?![\p{L}\p{N}*])/u },
  { tag: 'em', pattern: /(?<![\p{L}\p{N}_])_(?!\s)([^_\n]+?)(?<!\s)_(?![\p{L}\p{N}_])/u },
  { tag: 's', pattern: /(?<![\p{L}\p{N}~])~(?!\s)([^~\n]+?)(?<!\s)~(?![\p{L}\p{N}~])/u },
]

function firstMark(text) {
  let first = null
  for (const mark of MARKS) {
    const found = mark.pattern.exec(text)
    if (found !== null && (first === null || found.index < first.found.index)) first = { mark, found }
  }
  return first
}

function element({ mark, found }) {
  const node = document.createElement(mark.tag)
  const inner = found[1] ?? found[0]
  if (mark.plain) node.textContent = inner
  else node.append(...format(inner))
  return node
}

/** @param {string} text @returns {Node[]} */
export function format(text) {
  const nodes = []
  let rest = text
  for (let first = firstMark(rest); first !== null; first = firstMark(rest)) {
    if (first.found.index > 0) nodes.push(document.createTextNode(rest.slice(0, first.found.index)))
    nodes.push(element(first))
    rest = rest.slice(first.found.index + first.found[0].length)
  }
  if (rest !== '') nodes.push(document.createTextNode(rest))
  return nodes
}
