import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../../test/browser.ts'
import { type TestHub, TestMesh, testToken } from './harness.ts'

const windowBytes = 65_536
const subjects = Array.from({ length: 20 }, (_, at) => `page.s${at}`)
const filler = 'x'.repeat(1_000)

let mesh: TestMesh
let hub: TestHub
let site: Server
let browser: Browser
/** The page waits for an answer, and can do nothing until it is given. */
let blocked: Promise<() => void>

before(async () => {
  mesh = await TestMesh.start()
  hub = await mesh.startHub()
  let arrived = (_answer: () => void): void => undefined
  blocked = new Promise((resolve) => {
    arrived = resolve
  })
  site = createServer((request, response) => {
    const answer = (): void => void response.setHeader('content-type', 'text/html').end('<!doctype html>')
    if (request.url === '/blocked') arrived(answer)
    else answer()
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

/** What the page keeps, under `window.board`. */
interface Board {
  subscribed: boolean
  /** The newest value of each subject that a handler has seen. */
  readonly values: Record<string, number>
  /** Bytes of the batches that handlers took. */
  bytes: number
}

type BoardWindow = typeof globalThis & { board: Board }

/**
 * Runs in the page: a subscriber by weir.v1.json that acknowledges each batch when its handler has
 * finished.
 */
function openBoard({ url, token, windowBytes }: { url: string; token: string; windowBytes: number }): void {
  const board: Board = { subscribed: false, values: {}, bytes: 0 }
  ;(globalThis as BoardWindow).board = board
  const socket = new WebSocket(url, 'weir.v1.json')
  const send = (frame: object): void => socket.send(JSON.stringify(frame))
  socket.onopen = () => {
    send({ type: 'hello', token, client: 'page', windowBytes })
    send({ type: 'subscribe', id: 1, source: 'events', filters: ['page.>'], mode: 'LATEST' })
  }
  socket.onmessage = ({ data }) => {
    const { type, entries } = JSON.parse(data as string) as {
      type: string
      entries: { subject: string; event: { data: { n: number } } }[]
    }
    if (type === 'subscribed') board.subscribed = true
    if (type !== 'batch') return
    for (const { subject, event } of entries) board.values[subject] = event.data.n
    board.bytes += (data as string).length
    send({ type: 'ack', bytes: (data as string).length })
  }
}

test('a page whose main thread was blocked gets the newest value within a window', async () => {
  const page = await browser.newPage()
  const { port } = site.address() as { port: number }
  await page.goto(`http://127.0.0.1:${port}/`)
  await page.evaluate(openBoard, { url: hub.url, token: await testToken(), windowBytes })
  await page.waitForFunction(() => (globalThis as BoardWindow).board.subscribed)

  // A synchronous request blocks the main thread until it is answered.
  const work = page.evaluate<number>(`{
    const request = new XMLHttpRequest()
    request.open('GET', '/blocked', false)
    request.send()
    board.bytes
  }`)
  const unblock = await blocked
  const rounds = 60
  for (let n = 1; n <= rounds; n++) {
    await Promise.all(subjects.map((subject) => mesh.publish(subject, JSON.stringify({ n, filler }))))
  }
  unblock()
  const before = await work
  await page.waitForFunction(
    ({ subjects, rounds }) => subjects.every((subject) => (globalThis as BoardWindow).board.values[subject] === rounds),
    { subjects, rounds },
  )
  const { bytes } = await page.evaluate(() => (globalThis as BoardWindow).board)
  assert.ok(rounds * subjects.length * filler.length > 16 * windowBytes)
  // What was on its way when it was unblocked, and what the first acknowledgements let through.
  assert.ok(bytes - before <= 2 * windowBytes, `${bytes - before} bytes were taken until the newest`)
  await page.close()
})
