import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type TestHub, TestMesh } from './harness.ts'
import { RawSocket, upgradeRequest } from './raw-socket.ts'

/** What a proxy in front may take for a part of the body, and must never be answered. */
const hidden = 'GET /asyncapi.json HTTP/1.1\r\nHost: hidden\r\n\r\n'

describe('a request whose end can be read in two ways', () => {
  let mesh: TestMesh
  let hub: TestHub

  before(async () => {
    mesh = await TestMesh.start()
    hub = await mesh.startHub()
  })

  after(() => mesh.stop())

  /** The statuses of all answers, until the hub closes the connection. */
  async function answers(request: string): Promise<readonly string[]> {
    const raw = await RawSocket.connect(hub.port)
    raw.write(request)
    const text = await raw.rest()
    return [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status = '']) => status)
  }

  const head = 'GET /asyncapi.json HTTP/1.1\r\nHost: hub\r\n'
  const refused: Readonly<Record<string, readonly [string, string]>> = {
    'two Content-Length': [`Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n`, ''],
    'the same Content-Length twice': ['Content-Length: 2\r\nContent-Length: 2\r\n', 'hi'],
    'a list as Content-Length': ['Content-Length: 2, 2\r\n', 'hi'],
    'a signed Content-Length': ['Content-Length: +2\r\n', 'hi'],
    'Transfer-Encoding: xchunked': ['Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'],
    'Transfer-Encoding twice': ['Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\n'],
    'both of them': ['Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'],
    'a blank before the colon': ['Content-Length : 2\r\n', 'hi'],
  }
  for (const [what, [headers, body]] of Object.entries(refused)) {
    test(`by ${what} is refused, and hides no other`, async () => {
      assert.deepEqual(await answers(`${head}${headers}\r\n${body}`), ['400'])
      const both = await answers(`${head}${headers}\r\n${body}${hidden}`)
      assert.ok(both.length === 0 || both.join() === '400', `answered ${both}`)
    })
  }

  // Well said, but chunks are read by the library, which is content with more than RFC 9112 section
  // 7.1 allows.
  const bodies: Readonly<Record<string, readonly [string, string]>> = {
    'a body': ['Content-Length: 2\r\n', 'hi'],
    chunks: ['Transfer-Encoding: chunked\r\n', '2\r\nhi\r\n0\r\n\r\n'],
    'chunks with bare line feeds': ['Transfer-Encoding: chunked\r\n', '2\nhi\r\n0\r\n\r\n'],
    'a chunk extension': ['Transfer-Encoding: chunked\r\n', '2;a=b\r\nhi\r\n0\r\n\r\n'],
  }
  for (const [what, [headers, body]] of Object.entries(bodies)) {
    test(`with ${what} ends its connection, and nothing that follows is answered`, async () => {
      const one = await answers(`${head}${headers}\r\n${body}`)
      assert.ok(one.length <= 1, `answered ${one}`)
      const both = await answers(`${head}${headers}\r\n${body}${hidden}`)
      assert.ok(both.length <= 1, `answered ${both}`)
    })
  }

  test('is no WebSocket', async () => {
    assert.deepEqual(await answers(`${upgradeRequest({ 'Content-Length': '5' })}hello`), ['400'])
  })

  test('is not one without a body: the connection goes on', async () => {
    const raw = await RawSocket.connect(hub.port)
    for (let count = 0; count < 2; count++) {
      raw.write(`HEAD /asyncapi.json HTTP/1.1\r\nHost: hub\r\nContent-Length: 0\r\n\r\n`)
      assert.match(await raw.head(), /^HTTP\/1\.1 405 /)
    }
    raw.reset()
  })
})
