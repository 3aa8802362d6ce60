/**
 * Builds what wabot/static serves from these sources:
 *   css/app.css   Tailwind CSS and daisyUI over app.css, minified
 *   icons.svg     one sprite of the icons named in icons.json and our own in icons/
 *   vendor/       files of other projects, the version in the name, listed in VENDORED.md
 *
 * `node build.mjs` writes them; `node build.mjs --check` builds aside and fails when the committed ones differ.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = dirname(fileURLToPath(import.meta.url))
const STATIC = join(HERE, '..', 'static')

/** Vendored files: package, file inside it, name to serve it under ({v} is the version). */
const VENDORED = [
  ['socket.io-client', 'dist/socket.io.esm.min.js', 'socket.io-client-{v}.esm.min.js'],
  ['@fontsource-variable/inter', 'files/inter-latin-wght-normal.woff2', 'inter-{v}-latin.woff2'],
  ['@fontsource-variable/inter', 'files/inter-latin-ext-wght-normal.woff2', 'inter-{v}-latin-ext.woff2'],
  ['@fontsource-variable/jetbrains-mono', 'files/jetbrains-mono-latin-wght-normal.woff2', 'jetbrains-mono-{v}-latin.woff2'],
]

/** @param {string} name */
function manifest(name) {
  return JSON.parse(readFileSync(join(HERE, 'node_modules', name, 'package.json'), 'utf8'))
}

/** @param {string} out */
function buildCss(out) {
  const cli = join(HERE, 'node_modules', '@tailwindcss', 'cli', manifest('@tailwindcss/cli').bin.tailwindcss)
  mkdirSync(join(out, 'css'), { recursive: true })
  execFileSync(process.execPath, [cli, '-i', 'app.css', '-o', join(out, 'css', 'app.css'), '--minify'], {
    cwd: HERE,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** @param {string} id @param {string} file @param {string} attributes */
function symbol(id, file, attributes) {
  const svg = readFileSync(file, 'utf8').replace(/<!--.*?-->/gs, '')
  const viewBox = /viewBox="([^"]+)"/.exec(svg)?.[1]
  const inner = svg.replace(/^[\s\S]*?<svg[^>]*>/, '').replace(/<\/svg>\s*$/, '').replace(/\s*\n\s*/g, '')
  return `<symbol id="${id}" viewBox="${viewBox}"${attributes}>${inner}</symbol>`
}

/** @param {string} out */
function buildIcons(out) {
  const stroke = ' fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
  const lucide = JSON.parse(readFileSync(join(HERE, 'icons.json'), 'utf8')).map((name) =>
    symbol(name, join(HERE, 'node_modules/lucide-static/icons', `${name}.svg`), stroke),
  )
  const own = readdirSync(join(HERE, 'icons'))
    .filter((file) => file !== 'favicon.svg')
    .map((file) => symbol(basename(file, '.svg'), join(HERE, 'icons', file), stroke))
  const svg = `<svg xmlns="http://www.w3.org/2000/svg">\n${[...lucide, ...own].join('\n')}\n</svg>\n`
  writeFileSync(join(out, 'icons.svg'), svg)
  copyFileSync(join(HERE, 'icons', 'favicon.svg'), join(out, 'favicon.svg'))
}

/** @param {string} out */
function buildVendor(out) {
  const dir = join(out, 'vendor')
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  const rows = VENDORED.map(([name, file, target]) => {
    const { version, license } = manifest(name)
    const served = target.replace('{v}', version)
    // The comment that names a source map would make browsers ask for a file that isn't served.
    const bytes = readFileSync(join(HERE, 'node_modules', name, file))
    writeFileSync(join(dir, served), file.endsWith('.js') ? String(bytes).replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n') : bytes)
    return `| ${served} | ${version} | ${license} | npm ${name}, ${file} |`
  })
  const icons = manifest('lucide-static')
  rows.push(`| ../icons.svg (beside our own) | ${icons.version} | ${icons.license} | npm lucide-static, icons/ |`)
  writeFileSync(join(dir, 'VENDORED.md'), `${VENDORED_HEAD}${rows.join('\n')}\n`)
}

const VENDORED_HEAD = `# Vendored files

Written by \`make css\` (wabot/assets/build.mjs); change the version in wabot/assets/package.json, not here.

| file | version | licence | source |
| --- | --- | --- | --- |
`

/** Names in the built css and scripts that must exist under vendor/. @param {string} out */
function checkReferences(out) {
  const scripts = readdirSync(join(STATIC, 'js')).map((file) => join(STATIC, 'js', file))
  const served = new Set(readdirSync(join(out, 'vendor')))
  for (const file of [join(out, 'css', 'app.css'), ...scripts])
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/\.\.\/vendor\/([\w.-]+)/g))
      if (!served.has(name)) throw new Error(`${file} refers to vendor/${name}, which isn't there`)
}

/** @param {string} out */
function build(out) {
  buildCss(out)
  buildIcons(out)
  buildVendor(out)
  checkReferences(out)
}

/** @param {string} out */
function differing(out) {
  const vendored = readdirSync(join(out, 'vendor')).map((name) => join('vendor', name))
  const same = (name) => {
    try {
      return readFileSync(join(out, name)).equals(readFileSync(join(STATIC, name)))
    } catch (error) {
      if (error.code === 'ENOENT') return false
      throw error
    }
  }
  return ['css/app.css', 'icons.svg', 'favicon.svg', ...vendored].filter((name) => !same(name))
}

function check() {
  const out = mkdtempSync(join(tmpdir(), 'wabot-assets-'))
  try {
    build(out)
    const names = differing(out)
    if (names.length > 0) throw new Error(`out of date, run "make css": ${names.join(', ')}`)
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

if (process.argv.includes('--check')) check()
else build(STATIC)
