import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

// What `make setup` built; these are the budgets that the page is held to.
const dist = join(import.meta.dirname, '..', 'dist')
const html = readFileSync(join(dist, 'index.html'), 'utf8')
/** What follows is loaded beside the shell, for the page that is asked for. */
const [shell = ''] = html.split('<link rel="preload" as="fetch"')
const assets = readdirSync(join(dist, 'assets'))
const packed = (name: string): number => statSync(join(dist, `${name}.gz`)).size

/** Scripts and styles that the browser loads before anything is drawn, packed by gzip. */
const shellBytesMax = 60_000
/** Of one page beyond the shell and what pages share. */
const pageBytesMax = 40_000
const fontBytesMax = 30_000

test('the shell is at most 60 kB packed', () => {
  const named = [...shell.matchAll(/assets\/[^"]+\.(?:js|css)/g)].map(([name]) => name)
  assert.ok(named.length > 1 && shell.length < html.length, 'index.html names its files')
  const bytes = named.reduce((sum, name) => sum + packed(name), packed('index.html'))
  assert.ok(bytes <= shellBytesMax, `${bytes} bytes`)
})

test('each page is a chunk of its own, and the shell holds none of them', () => {
  for (const page of [
    'Start',
    'Live',
    'State',
    'History',
    'Alerts',
    'Mesh',
    'Boards',
    'AlertWatch',
    'Drawer',
    'Palette',
    'Help',
    'SignIn',
    'WhoAmI',
  ]) {
    const [chunk, ...others] = assets.filter((name) => name.startsWith(`${page}-`) && name.endsWith('.js'))
    assert.ok(chunk !== undefined && others.length === 0, `${page} is one chunk`)
    assert.ok(!shell.includes(chunk), `${page} is not loaded with the shell`)
    assert.ok(packed(`assets/${chunk}`) <= pageBytesMax, `${page}: ${packed(`assets/${chunk}`)} bytes`)
  }
})

test('the HTML of each page has the browser load its chunk with the shell, and that of no other page', () => {
  const pages = ['Start', 'Live', 'State', 'History', 'Alerts', 'Mesh', 'Boards']
  for (const page of pages) {
    const text = readFileSync(join(dist, page === 'Start' ? 'index.html' : `${page.toLowerCase()}.html`), 'utf8')
    assert.ok(text.startsWith(shell), page)
    const early = [...text.slice(shell.length).matchAll(/href="\.\/assets\/([^"]+)"/g)].map(([, name = '']) => name)
    assert.ok(early.length > 3 && early.every((name) => assets.includes(name)), page)
    assert.equal(new Set(early).size, early.length, `${page} names nothing twice`)
    const named = pages.filter((each) => early.some((name) => name.startsWith(`${each}-`) && name.endsWith('.js')))
    assert.deepEqual(named, [page])
    assert.ok(
      early.some((name) => name.startsWith('client-')),
      `${page} names the client`,
    )
  }
})

test('fonts are subsets', () => {
  const fonts = assets.filter((name) => name.endsWith('.woff2'))
  assert.ok(fonts.length > 0)
  for (const name of fonts) assert.ok(statSync(join(dist, 'assets', name)).size <= fontBytesMax, name)
})

test('each file of text lies there packed as well, and unpacks to itself', () => {
  for (const name of [
    'index.html',
    ...assets.filter((each) => /\.(js|css|svg)$/.test(each)).map((each) => `assets/${each}`),
  ]) {
    const bytes = readFileSync(join(dist, name))
    assert.deepEqual(gunzipSync(readFileSync(join(dist, `${name}.gz`))), bytes, name)
    assert.deepEqual(brotliDecompressSync(readFileSync(join(dist, `${name}.br`))), bytes, name)
  }
})
