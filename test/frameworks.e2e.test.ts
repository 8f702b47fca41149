import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { until } from '../cli/test/processes.ts'
import { type Producer, producer } from '../client/src/index.ts'
import { root } from '../scripts/run.ts'
import { launchBrowser } from './browser.ts'
import { RunningMesh } from './running-mesh.ts'

// The entry points for React and Svelte, with the real frameworks, in a real browser, on a real
// mesh.

let mesh: RunningMesh
let browser: Browser
let server: Server
let folder: string
let events: Producer
let page: Page

const react = `
import { createElement as h, memo, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { useConnection, useEvents, useLatest } from '@weir/client/react'

const renders = (globalThis.renders = {})

const Row = memo(({ row }) => {
  renders[row.subject] = (renders[row.subject] ?? 0) + 1
  return h('li', null, row.subject + ' ' + row.entry.data + ' ' + row.freshness + ' ' + row.isSnapshot)
})

const badge = ({ state, tokenError }) => [state, tokenError?.message].filter(Boolean).join(': ')

function Board({ weir }) {
  const { rows, error } = useLatest(weir, { source: 'latest', filter: 'frameworks.>' })
  const { count } = useEvents(weir, { filter: 'frameworks.>' })
  const items = [...rows.values()].map((row) => h(Row, { key: row.subject, row }))
  return h('section', null, h('b', null, badge(useConnection(weir))), h('i', null, String(count)), h('ul', null, items), error?.message)
}

export function showReact(weir, target) {
  const shown = createRoot(target)
  shown.render(h(StrictMode, null, h(Board, { weir })))
  return () => shown.unmount()
}
`

const svelteBoard = `
<script>
  import { useConnection, useEvents, useLatest } from '@weir/client/svelte'
  const { weir } = $props()
  const latest = useLatest(weir, { source: 'latest', filter: 'frameworks.>' })
  const events = useEvents(weir, { filter: 'frameworks.>' })
  const connection = useConnection(weir)
  const badge = ({ state, tokenError }) => [state, tokenError?.message].filter(Boolean).join(': ')
</script>
<section><b>{badge($connection)}</b><i>{$events.count}</i>
<ul>{#each [...$latest.rows.values()] as row (row.subject)}<li>{row.subject} {row.entry.data} {row.freshness} {row.isSnapshot}</li>{/each}</ul></section>
`

const main = `
import { mount, unmount } from 'svelte'
import { connect } from '@weir/client'
import Board from './Board.svelte'
import { showReact } from './react.js'

const [url, token] = JSON.parse(decodeURIComponent(location.hash.slice(1)))
const weir = connect({ url, getToken: () => token })
const endReact = showReact(weir, document.querySelector('#react'))
const board = mount(Board, { target: document.querySelector('#svelte'), props: { weir } })
globalThis.end = () => { endReact(); unmount(board) }
`

before(async () => {
  mesh = await RunningMesh.start()
  const { hub, ingest } = mesh.running.addresses
  const getToken = (): string => mesh.running.token
  events = producer({ url: ingest, getToken })
  await send('frameworks.a', 1)
  await send('frameworks.b', 2)
  // Below the checkout, where the packages are found.
  mkdirSync(join(root, 'client/dist'), { recursive: true })
  folder = mkdtempSync(join(root, 'client/dist/frameworks-'))
  const html = '<div id="react"></div><div id="svelte"></div><script type="module" src="/main.js"></script>'
  const files = { 'index.html': html, 'main.js': main, 'react.js': react, 'Board.svelte': svelteBoard }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  await build({ root: folder, configFile: false, logLevel: 'silent', plugins: [svelte({ configFile: false })] })
  server = createServer(({ url = '' }, response) => {
    const path = url === '/' ? '/index.html' : url
    response.writeHead(200, { 'content-type': extname(path) === '.js' ? 'text/javascript' : 'text/html' })
    response.end(readFileSync(join(folder, 'dist', path)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  browser = await launchBrowser()
  page = await browser.newPage()
  const given = encodeURIComponent(JSON.stringify([hub, mesh.running.token]))
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/#${given}`)
})

after(async () => {
  await browser?.close()
  server?.closeAllConnections()
  server?.close()
  await events?.close()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  await mesh?.dispose()
})

test('both show the state, say that it is no news, and that the connection is live', async () => {
  for (const framework of ['#react', '#svelte']) {
    await shows(`${framework} ul`, 'frameworks.a 1 fresh true', 'frameworks.b 2 fresh true')
    await shows(`${framework} b`, 'live')
  }
})

test('both show a change as news, and React renders the row that changed alone', async () => {
  const rendersOfB = await page.evaluate("renders['frameworks.b']")
  await send('frameworks.a', 3)
  for (const framework of ['#react', '#svelte']) {
    await shows(`${framework} ul`, 'frameworks.a 3 fresh false', 'frameworks.b 2 fresh true')
    await shows(`${framework} i`, '1')
  }
  assert.equal(await page.evaluate("renders['frameworks.b']"), rendersOfB)
})

test('components that go end their subscriptions', async () => {
  assert.equal(await subscriptions(), 4)
  await page.evaluate('end()')
  await until('none is left', async () => (await subscriptions()) === 0, undefined, subscriptions)
})

async function send(subject: string, value: number): Promise<void> {
  await events.send(subject, { data: { case: 'json', value: String(value) } })
  await events.flush()
}

async function shows(selector: string, ...texts: readonly string[]): Promise<void> {
  const holds = `texts => texts.every((text) => document.querySelector('${selector}')?.textContent.includes(text))`
  await page.waitForFunction(`(${holds})(${JSON.stringify(texts)})`, undefined, { timeout: 45_000 }).catch(async () => {
    assert.fail(`${selector} shows: ${await page.textContent('body')}`)
  })
}

/** How many the hub has, of everybody. */
async function subscriptions(): Promise<number> {
  const text = await (await fetch(`${mesh.running.addresses.admin.hub}/metrics`)).text()
  return Number(/^weir_hub_subscriptions (\d+)$/m.exec(text)?.[1] ?? Number.NaN)
}
