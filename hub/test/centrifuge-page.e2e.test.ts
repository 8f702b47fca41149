import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Centrifuge } from 'centrifuge'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../../test/browser.ts'
import { type TestHub, TestMesh, testToken } from './harness.ts'

let mesh: TestMesh
let hub: TestHub
let site: Server
let browser: Browser

before(async () => {
  mesh = await TestMesh.start()
  hub = await mesh.startHub()
  site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html>')
  }).listen(0, '127.0.0.1')
  await once(site, 'listening')
  browser = await launchBrowser()
})

after(async () => {
  await browser.close()
  site.close()
  site.closeAllConnections()
  await mesh.stop()
})

type Page = typeof globalThis & { Centrifuge: typeof Centrifuge; heard: unknown[] }

/** Runs in the page. */
async function subscribe({ url, token }: { url: string; token: string }): Promise<void> {
  const page = globalThis as Page
  page.heard = []
  const client = new page.Centrifuge(url, { token })
  const subscription = client.newSubscription('page.*')
  subscription.on('publication', ({ data, tags }) => page.heard.push([tags?.subject, data]))
  subscription.subscribe()
  client.connect()
  await subscription.ready()
  await client.publish('page.own', { from: 'the page' })
}

test('the official client gets and publishes in a browser', async () => {
  const page = await browser.newPage()
  const { port } = site.address() as { port: number }
  await page.goto(`http://127.0.0.1:${port}/`)
  await page.addScriptTag({ path: join(dirname(bundle), '../dist/centrifuge.js') })
  const url = `ws://127.0.0.1:${hub.port}/connection/websocket`
  await page.evaluate(subscribe, { url, token: await testToken({ publish: ['page.>'] }) })
  await mesh.publish('page.other', '[1, 2]')
  await page.waitForFunction(() => (globalThis as Page).heard.length === 2)
  assert.deepEqual(await page.evaluate(() => (globalThis as Page).heard), [
    ['page.own', { from: 'the page' }],
    ['page.other', [1, 2]],
  ])
})

const bundle = createRequire(import.meta.url).resolve('centrifuge')
