import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../../test/browser.ts'
import { type TestHub, TestMesh, testToken } from './harness.ts'

let mesh: TestMesh
let hub: TestHub
let browser: Browser
let page: Page

// A page of another origin than the hub's, as a dashboard is.
const site = createServer((_request, response) => {
  response.setHeader('content-type', 'text/html').end('<!doctype html><title>board</title>')
})

before(async () => {
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
  mesh = await TestMesh.start()
  hub = await mesh.startHub({ WEIR_HUB_ORIGINS: origin })
  browser = await launchBrowser()
  page = await browser.newPage()
  await page.goto(origin)
})

after(async () => {
  await browser?.close()
  site.close()
  await mesh.stop()
})

test("the browser's EventSource reads with a ticket, and a new one goes on from the last id", async () => {
  await mesh.publish('es.a', '1')
  const token = await testToken()
  assert.deepEqual(await read(token, '', 2), ['reset', 'es.a=1'])
  await mesh.publish('es.b', '2')
  await mesh.publish('es.a', '3')
  const cursor = await page.evaluate(() => (globalThis as unknown as { lastId: string }).lastId)
  assert.deepEqual(await read(token, `&cursor=${cursor}`, 2), ['es.b=2', 'es.a=3'])
})

test('a page of another origin gets nothing, not even the answer that says so', async () => {
  const foreign = await browser.newPage()
  await foreign.goto(`http://localhost:${(site.address() as AddressInfo).port}`)
  const token = await testToken()
  const { ticket } = await page.evaluate(getTicket, { url: hub.httpUrl, token })
  for (const [path, method] of [
    ['/v1/tickets', 'POST'],
    ['/v1/sse?filter=es.*', 'GET'],
  ] as const) {
    const outcome = await foreign.evaluate(
      async ({ url, method, token }) => {
        const headers = { authorization: `Bearer ${token}` }
        return fetch(url, { method, headers }).then(
          ({ status }) => String(status),
          (thrown: Error) => thrown.name,
        )
      },
      { url: `${hub.httpUrl}${path}`, method, token },
    )
    assert.equal(outcome, 'TypeError', path)
  }
  const state = await foreign.evaluate(async (url) => {
    const source = new EventSource(url)
    return new Promise<number>((resolve) => {
      source.onopen = source.onerror = () => resolve(source.readyState)
    })
  }, `${hub.httpUrl}/v1/sse?filter=es.*&ticket=${ticket}`)
  assert.equal(state, 2)
  await foreign.close()
})

test('a used ticket ends an EventSource for good, so that it does not knock for ever', async () => {
  const outcome = await page.evaluate(async (url) => {
    const source = new EventSource(`${url}/v1/sse?filter=a&ticket=used`)
    return new Promise<number>((resolve) => {
      source.onerror = () => resolve(source.readyState)
    })
  }, hub.httpUrl)
  assert.equal(outcome, 2)
})

/** What an EventSource in the page gets first: so many events. */
async function read(token: string, query: string, count: number): Promise<readonly string[]> {
  const { ticket } = await page.evaluate(getTicket, { url: hub.httpUrl, token })
  return page.evaluate(
    async ({ url, ticket, query, count }) => {
      const source = new EventSource(`${url}/v1/sse?filter=es.*&ticket=${ticket}${query}`)
      const seen: string[] = []
      await new Promise<void>((resolve, reject) => {
        const take = (text: string, id: string): void => {
          seen.push(text)
          ;(globalThis as unknown as { lastId: string }).lastId = id
          if (seen.length === count) resolve()
        }
        source.addEventListener('reset', (event) => take('reset', (event as MessageEvent).lastEventId))
        source.onmessage = ({ data, lastEventId }) => {
          const { subject, event } = JSON.parse(data) as { subject: string; event: { data: number } }
          take(`${subject}=${event.data}`, lastEventId)
        }
        source.onerror = () => reject(new Error('the stream failed'))
      })
      source.close()
      return seen
    },
    { url: hub.httpUrl, ticket, query, count },
  )
}

/** Runs in a page. */
async function getTicket({ url, token }: { url: string; token: string }): Promise<{ ticket: string }> {
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`${url}/v1/tickets`, { method: 'POST', headers })
  return (await response.json()) as { ticket: string }
}
