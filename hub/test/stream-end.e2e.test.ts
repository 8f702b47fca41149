import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../../test/browser.ts'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { RawSocket } from './raw-socket.ts'

/**
 * A program that reads a stream to its end. Rejects when that was no end by RFC 9112 section 7.1.
 */
type Client = (url: string, token: string) => Promise<string>

/** What makes a hub end a stream, and the code that is said. */
interface Way {
  readonly code: number
  readonly environment?: Readonly<Record<string, string>>
  readonly ttlSeconds?: number
  end?(hub: TestHub): Promise<unknown>
}

const ways: Readonly<Record<string, Way>> = {
  'the token expires': { code: 3006, ttlSeconds: 4 },
  'an administrator ends it': {
    code: 3503,
    async end(hub) {
      const authorization = `Bearer ${await testToken({ subject: 'boss', admin: true })}`
      await fetch(`${hub.adminUrl}/v1/sessions?subject=tester`, { method: 'DELETE', headers: { authorization } })
    },
  },
  'it has grown old': { code: 1012, environment: { WEIR_HUB_MAX_AGE_SECONDS: '3' } },
  'the hub stops': { code: 1012, end: async (hub) => assert.equal(await hub.stop(), 0) },
}

const clients: Readonly<Record<string, Client>> = {
  'Node http': (url, token) =>
    new Promise((resolve, reject) => {
      get(url, { headers: { authorization: `Bearer ${token}` } }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('end', () => (response.complete ? resolve(text) : reject(new Error('cut off'))))
        response.on('error', reject)
      }).on('error', reject)
    }),
  async fetch(url, token) {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    return response.text()
  },
  async curl(url, token) {
    const { stdout } = await promisify(execFile)('curl', ['-sSN', '-H', `Authorization: Bearer ${token}`, url])
    return stdout
  },
  async Python(url, token) {
    const { stdout } = await promisify(execFile)('python3', ['-c', pythonProgram, url, token])
    return stdout
  },
  async Chromium(url, token) {
    const page = await (await chromium()).newPage()
    try {
      await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}`)
      return await page.evaluate(
        async ([url, token]) => {
          const response = await fetch(url as string, { headers: { authorization: `Bearer ${token}` } })
          return response.text()
        },
        [url, token],
      )
    } finally {
      await page.close()
    }
  },
}

const pythonProgram = `
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Authorization": "Bearer " + sys.argv[2]})
sys.stdout.write(urllib.request.urlopen(request).read().decode())
`

// A page of another origin than the hub's, as a dashboard is.
const site = createServer((_request, response) => {
  response.setHeader('content-type', 'text/html').end('<!doctype html>')
})
let browser: Promise<Browser> | undefined
function chromium(): Promise<Browser> {
  browser ??= launchBrowser()
  return browser
}

const programs: Readonly<Record<string, string>> = { curl: 'curl', Python: 'python3' }
function isMissing(client: string): string | false {
  const program = programs[client]
  return program !== undefined && spawnSync(program, ['--version']).error !== undefined && `${program} is not there`
}

describe('an event stream that the hub ends is whole HTTP', () => {
  let mesh: TestMesh

  before(async () => {
    mesh = await TestMesh.start()
    await once(site.listen(0, '127.0.0.1'), 'listening')
  })

  after(async () => {
    await (await browser)?.close()
    site.close()
    await mesh.stop()
  })

  for (const [way, { code, environment = {}, ttlSeconds = 600, end }] of Object.entries(ways)) {
    test(`when ${way}`, async (t) => {
      const hub = await mesh.startHub(environment)
      const readers = Object.entries(clients).filter(([name]) => {
        const missing = isMissing(name)
        if (missing) t.diagnostic(missing)
        return !missing
      })
      if (readers.some(([name]) => name === 'Chromium')) await chromium()
      const token = await testToken({ ttlSeconds })
      const reading = readers.map(([, read]) => read(`${hub.httpUrl}/v1/sse?filter=end.%3E`, token))
      const outcomes = Promise.allSettled(reading)
      if (end !== undefined) {
        await hub.untilMetric('subscriptions', (value) => value === readers.length)
        await end(hub)
      }
      for (const [at, outcome] of (await outcomes).entries()) {
        const [name] = readers[at] as (typeof readers)[number]
        assert.equal(outcome.status, 'fulfilled', `${name}: ${outcome.status === 'rejected' && outcome.reason}`)
        assert.match(outcome.status === 'fulfilled' ? outcome.value : '', closed(code), name)
      }
      await hub.stop()
    })
  }

  test('when its client takes nothing for too long, and reads the rest then', async () => {
    const hub = await mesh.startHub({ WEIR_HUB_STALL_SECONDS: '1' })
    const raw = await RawSocket.connect(hub.port)
    const authorization = `Authorization: Bearer ${await testToken()}`
    raw.write(`GET /v1/sse?filter=stall&mode=ALL HTTP/1.1\r\nHost: hub\r\n${authorization}\r\n\r\n`)
    await raw.head()
    raw.socket.pause()
    const big = JSON.stringify('x'.repeat(100_000))
    for (let count = 0; count < 150; count++) await mesh.publish('stall', big)
    await hub.untilMetric('connections', (value) => value === 0)
    raw.socket.resume()
    const body = await raw.rest()
    assert.match(body.slice(-200), closed(3003))
    assert.ok(body.endsWith('\r\n0\r\n\r\n'), JSON.stringify(body.slice(-40)))
    await hub.stop()
  })
})

function closed(code: number): RegExp {
  return new RegExp(`event: closed\\ndata: {"code":${code},"reason":"[^"]+"}\\n\\n`)
}
