import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { build } from 'vite'
import { type Producer, producer } from '../client/src/index.ts'
import { root } from '../scripts/run.ts'
import { launchBrowser } from './browser.ts'
import { RunningMesh } from './running-mesh.ts'

// Several tabs of one origin in a real browser, whose socket a SharedWorker holds, on a real mesh.

let mesh: RunningMesh
let browser: Browser
let server: Server
let folder: string
let events: Producer

const worker = `
import { shareSockets } from '@weir/client/shared-worker'
shareSockets()
new BroadcastChannel('end').onmessage = () => close()
`

const main = `
import { connect } from '@weir/client'
import { sharedSocket } from '@weir/client/shared'

const { url, token, filter, without } = JSON.parse(decodeURIComponent(location.hash.slice(1)))
if (without === 'SharedWorker') delete globalThis.SharedWorker
const worker = () => new SharedWorker(new URL('./worker.js', import.meta.url), { type: 'module' })
let asked = 0
const scripts = {
  script: () => new SharedWorker('/nothing.js', { type: 'module' }),
  // As one that is ending: it takes the port and never answers.
  answer: () => (asked++ === 0 ? new SharedWorker('/mute.js') : worker()),
}
// However long a worker takes to start on a busy machine.
const openSocket = sharedSocket(scripts[without] ?? worker, { waitMs: 120_000 })
const weir = connect({ url, getToken: () => token, openSocket })
globalThis.states = []
weir.connection.subscribe((state) => { states.push(state) })
globalThis.seen = []
for await (const item of weir.subscribe({ filter, mode: 'ALL' })) {
  if (item.type !== 'entry') continue
  seen.push(item.data)
  while (globalThis.isAsleep) await new Promise((resolve) => setTimeout(resolve, 20))
}
`

before(async () => {
  mesh = await RunningMesh.start()
  events = producer({ url: mesh.running.addresses.ingest, getToken: () => mesh.running.token })
  // Below the checkout, where the packages are found.
  mkdirSync(join(root, 'client/dist'), { recursive: true })
  folder = mkdtempSync(join(root, 'client/dist/tabs-'))
  const html = '<title>tab</title><script type="module" src="/main.js"></script>'
  for (const [name, text] of Object.entries({ 'index.html': html, 'main.js': main, 'worker.js': worker })) {
    writeFileSync(join(folder, name), text)
  }
  await build({ root: folder, configFile: false, logLevel: 'silent', worker: { format: 'es' } })
  server = createServer(({ url = '' }, response) => {
    const path = url === '/' ? '/index.html' : url
    if (path === '/nothing.js') {
      response.writeHead(404).end()
      return
    }
    if (path === '/mute.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end('0')
      return
    }
    response.writeHead(200, { 'content-type': extname(path) === '.js' ? 'text/javascript' : 'text/html' })
    response.end(readFileSync(join(folder, 'dist', path)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  browser = await launchBrowser()
})

after(async () => {
  await browser?.close()
  server?.closeAllConnections()
  server?.close()
  await events?.close()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  await mesh?.dispose()
})

test('three tabs have one connection, each its own subscription; one that crashes releases its own', async (t) => {
  const context = await contextOf(t)
  const filters = ['tabs.a', 'tabs.b', 'tabs.*']
  const [a, b, crashing] = (await Promise.all(filters.map((filter) => tab(context, { filter })))) as [Page, Page, Page]
  await reaches('connections', 1)
  await reaches('subscriptions', 3)
  await send('tabs.a', 1)
  await send('tabs.b', 2)
  await sees(a, [1])
  await sees(b, [2])
  await sees(crashing, [1, 2])

  const devTools = await context.newCDPSession(crashing)
  void devTools.send('Page.crash').catch(() => {})
  await reaches('subscriptions', 2)
  await reaches('connections', 1)

  await a.close()
  await reaches('subscriptions', 1)
  await send('tabs.b', 3)
  await sees(b, [2, 3])
  await b.close()
  await reaches('connections', 0)
})

test('a tab that does not read holds up no other, and has all of it when it reads again', async (t) => {
  const context = await contextOf(t)
  const asleep = await tab(context, { filter: 'flow' })
  const awake = await tab(context, { filter: 'flow' })
  await reaches('subscriptions', 2)
  await asleep.evaluate('isAsleep = true')
  const count = 6000
  const filler = 'x'.repeat(80)
  await Promise.all(
    Array.from({ length: count }, (_, at) =>
      events.send('flow', { data: { case: 'json', value: `["${filler}", ${at}]` } }),
    ),
  )
  await shows(awake, 'seen.length', count)
  assert.ok(Number(await asleep.evaluate('seen.length')) <= 1)
  await asleep.evaluate('isAsleep = false')
  await shows(asleep, 'seen.length', count)
  assert.equal(await asleep.evaluate('seen.every(([, n], at) => n === at)'), true)
})

test('when the worker dies, its tabs go on with another one, and miss nothing', async (t) => {
  const context = await contextOf(t)
  const tabs = await Promise.all([tab(context, { filter: 'worker' }), tab(context, { filter: 'worker' })])
  await send('worker', 1)
  for (const page of tabs) await sees(page, [1])
  await tabs[0]?.evaluate("new BroadcastChannel('end').postMessage('')")
  // Only the end of the worker ends their connection.
  for (const page of tabs) await shows(page, "states.filter((state) => state === 'live').length", 2)
  await send('worker', 2)
  for (const page of tabs) await sees(page, [1, 2])
  await reaches('connections', 1)
})

test('a worker that does not answer is asked anew, and the tab shares the socket of the others', async (t) => {
  const context = await contextOf(t)
  const tabs = [await tab(context, { filter: 'mute' }), await tab(context, { filter: 'mute', without: 'answer' })]
  await reaches('subscriptions', 2)
  await reaches('connections', 1)
  await send('mute', 1)
  for (const page of tabs) await sees(page, [1])
})

test('where there is no SharedWorker, or its script does not load, each tab has a socket of its own', async (t) => {
  const context = await contextOf(t)
  const without = ['SharedWorker', 'script']
  const tabs = await Promise.all(without.map((without) => tab(context, { filter: 'own', without })))
  await reaches('connections', 2)
  await send('own', 1)
  for (const page of tabs) await sees(page, [1])
})

/** Tabs of a test's own, and their workers, which end with it however it ends. */
async function contextOf(t: TestContext): Promise<BrowserContext> {
  await reaches('connections', 0)
  const context = await browser.newContext()
  t.after(() => context.close())
  return context
}

/** A tab that is live. */
async function tab(
  context: BrowserContext,
  given: { readonly filter: string; readonly without?: string },
): Promise<Page> {
  const page = await context.newPage()
  const { token, addresses } = mesh.running
  const hash = encodeURIComponent(JSON.stringify({ url: addresses.hub, token, ...given }))
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/#${hash}`)
  await shows(page, 'states.at(-1)', 'live')
  return page
}

async function send(subject: string, value: number): Promise<void> {
  await events.send(subject, { data: { case: 'json', value: String(value) } })
  await events.flush()
}

async function sees(page: Page, seen: readonly number[]): Promise<void> {
  await shows(page, 'seen.join()', seen.join())
}

/** Waits until an expression has this value in the page; fails with what the page has instead. */
async function shows(page: Page, expression: string, wanted: string | number): Promise<void> {
  const isShown = `${expression} === ${JSON.stringify(wanted)}`
  await page.waitForFunction(isShown, undefined, { polling: 50, timeout: 40_000 }).catch(async (thrown) => {
    const found = await page
      .evaluate('JSON.stringify({ states, count: seen.length, last: seen.slice(-5) })')
      .catch(String)
    assert.fail(`${expression} is not ${JSON.stringify(wanted)} in ${found}: ${thrown}`)
  })
}

/** Waits until the hub has so many, of everybody. */
async function reaches(what: 'connections' | 'subscriptions', wanted: number): Promise<void> {
  const deadline = Date.now() + 40_000
  let count = Number.NaN
  while (Date.now() < deadline) {
    const text = await (await fetch(`${mesh.running.addresses.admin.hub}/metrics`)).text()
    const lines = [...text.matchAll(new RegExp(`^weir_hub_${what}(?:\\{[^}]*\\})? (\\d+)$`, 'gm'))]
    count = lines.reduce((sum, [, value]) => sum + Number(value), 0)
    if (count === wanted) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail(`the hub has ${count} ${what}, not ${wanted}`)
}
