import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { closeCode } from '@weir/proto'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { encodeFrame, type FrameOptions, opcode, RawSocket, upgradeRequest } from './raw-socket.ts'

const ping = '{"type":"ping"}'
const { continuation, text, binary } = opcode

let mesh: TestMesh
let hub: TestHub
let token: string
/** Half of a handshake, begun early because it takes the hub ten seconds to lose patience. */
let unfinished: RawSocket

before(async () => {
  mesh = await TestMesh.start()
  hub = await mesh.startHub()
  token = await testToken()
  unfinished = await RawSocket.connect(hub.port)
  unfinished.write('GET /v1/ws HTTP/1.1\r\nHost: hub\r\n')
})

after(() => mesh.stop())

// Whatever was done to it, the hub has forgotten it and serves the next one.
afterEach(async () => {
  const raw = await welcome()
  raw.send(text, ping)
  assert.deepEqual(await raw.json(), { type: 'pong' })
  raw.reset()
  await hub.untilMetric('connections', (count) => count === 0)
})

async function welcome(protocol = 'weir.v1.json'): Promise<RawSocket> {
  const raw = await RawSocket.open(hub.port, protocol)
  raw.send(text, JSON.stringify({ type: 'hello', token }))
  assert.equal((await raw.json()).type, 'welcome')
  return raw
}

describe('a handshake', () => {
  const refused: readonly (readonly [string, RegExp, string])[] = [
    ['without the headers of an upgrade', /^HTTP\/1.1 400 /, 'GET /v1/ws HTTP/1.1\r\nHost: hub\r\n\r\n'],
    ['without Upgrade', /^HTTP\/1.1 400 /, upgradeRequest({ Upgrade: undefined })],
    ['without Connection', /^HTTP\/1.1 400 /, upgradeRequest({ Connection: 'keep-alive' })],
    ['without a key', /^HTTP\/1.1 400 /, upgradeRequest({ 'Sec-WebSocket-Key': undefined })],
    ['with a short key', /^HTTP\/1.1 400 /, upgradeRequest({ 'Sec-WebSocket-Key': 'c2hvcnQ=' })],
    ['with a key that is not base64', /^HTTP\/1.1 400 /, upgradeRequest({ 'Sec-WebSocket-Key': '!'.repeat(24) })],
    [
      'of version 8',
      /^HTTP\/1.1 400 [\s\S]*\r\nsec-websocket-version: 13/,
      upgradeRequest({ 'Sec-WebSocket-Version': '8' }),
    ],
    ['without a version', /^HTTP\/1.1 400 /, upgradeRequest({ 'Sec-WebSocket-Version': undefined })],
    ['of unknown subprotocols', /^HTTP\/1.1 400 /, upgradeRequest({ 'Sec-WebSocket-Protocol': 'mqtt, amqp' })],
    [
      'of a subprotocol that every object has',
      /^HTTP\/1.1 400 /,
      upgradeRequest({ 'Sec-WebSocket-Protocol': 'toString' }),
    ],
    ['by POST', /^HTTP\/1.1 400 /, upgradeRequest({}, 'POST /v1/ws HTTP/1.1')],
    ['of HTTP/1.0', /^HTTP\/1.1 505 /, upgradeRequest({}, 'GET /v1/ws HTTP/1.0')],
    ['of HTTP/2 without TLS', /^HTTP\/1.1 505 /, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['without a host', /^HTTP\/1.1 400 /, upgradeRequest({ Host: undefined })],
    ['at another place', /^HTTP\/1.1 404 /, upgradeRequest({}, 'GET /v1/ws2 HTTP/1.1')],
    ['with one huge header', /^HTTP\/1.1 431 /, upgradeRequest({ 'X-Big': 'x'.repeat(20_000) })],
    ['with headers without end', /^HTTP\/1.1 431 /, `GET /v1/ws HTTP/1.1\r\n${'X: y\r\n'.repeat(3000)}`],
    ['with a huge path', /^HTTP\/1.1 431 /, upgradeRequest({}, `GET /${'a'.repeat(20_000)} HTTP/1.1`)],
    [
      'with a body by two measures',
      /^HTTP\/1.1 400 /,
      upgradeRequest({ 'Content-Length': '5', 'Transfer-Encoding': 'chunked' }),
    ],
    ['in TLS', /^HTTP\/1.1 505 /, '\x16\x03\x01\x00\xc8\x01\x00\x00'],
  ]

  for (const [what, answer, request] of refused) {
    test(`${what} is refused`, async () => {
      const raw = await RawSocket.connect(hub.port)
      raw.write(Buffer.from(request, 'latin1'))
      assert.match(await raw.head(), answer)
      raw.reset()
    })
  }

  test('chooses weir.v1 or weir.v1.json of what is offered, and never echoes a token', async () => {
    const offers: readonly (readonly [string, string])[] = [
      ['weir.v1', 'weir.v1'],
      ['mqtt,weir.v1.json , weir.v1', 'weir.v1.json'],
      [`weir.bearer.${Buffer.from(token).toString('base64url')}, weir.v1.json`, 'weir.v1.json'],
    ]
    for (const [offered, chosen] of offers) {
      const raw = await RawSocket.connect(hub.port)
      raw.write(upgradeRequest({ 'Sec-WebSocket-Protocol': offered }))
      assert.match(await raw.head(), new RegExp(`\r\nSec-WebSocket-Protocol: ${chosen}\r\n`))
      raw.reset()
    }
  })

  test('that offers no subprotocol gets JSON', async () => {
    const raw = await RawSocket.connect(hub.port)
    raw.write(upgradeRequest({ 'Sec-WebSocket-Protocol': undefined, Authorization: `Bearer ${token}` }))
    assert.doesNotMatch(await raw.head(), /sec-websocket-protocol/i)
    raw.send(text, '{"type":"hello"}')
    assert.equal((await raw.json()).type, 'welcome')
    raw.reset()
  })

  test('that offers compression is answered without it, and a compressed message ends the connection', async () => {
    const raw = await RawSocket.connect(hub.port)
    raw.write(upgradeRequest({ 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }))
    const head = await raw.head()
    assert.match(head, /^HTTP\/1.1 101 /)
    assert.doesNotMatch(head, /sec-websocket-extensions/i)
    raw.send(text, deflateRawSync(`{"type":"hello","token":"${token}"}`), { rsv: 4 })
    assert.equal(await raw.closeCode(), undefined)
  })

  test('a byte at a time is a handshake', async () => {
    const raw = await RawSocket.connect(hub.port)
    for (const byte of upgradeRequest()) {
      raw.write(byte)
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    assert.match(await raw.head(), /^HTTP\/1.1 101 /)
    raw.reset()
  })
})

describe('a message', () => {
  type Part = readonly [number, string | Uint8Array, FrameOptions?]
  const answered: readonly (readonly [string, readonly Part[]])[] = [
    ['in one frame', [[text, ping]]],
    ['in fragments of one byte', fragments(ping, 1)],
    [
      'in fragments with control frames between them',
      fragments(ping, 4).flatMap((part): Part[] => [part, [opcode.ping, 'a'], [opcode.pong, 'b']]),
    ],
    [
      'in a thousand empty fragments',
      [
        [text, '', { fin: false }],
        ...Array.from({ length: 1000 }, (): Part => [continuation, '', { fin: false }]),
        [continuation, ping],
      ],
    ],
    ['in a binary frame', [[binary, ping]]],
    ['of as many bytes as are allowed', [[text, ping.padEnd(65_536)]]],
    [
      'after a pong that nobody asked for',
      [
        [opcode.pong, ''],
        [text, ping],
      ],
    ],
  ]
  for (const [what, parts] of answered) {
    test(`${what} is answered`, async () => {
      const raw = await welcome()
      for (const part of parts) raw.send(...part)
      assert.deepEqual(await raw.json(), { type: 'pong' })
      raw.reset()
    })
  }

  const broken: readonly (readonly [string, readonly Part[]])[] = [
    ['that begins with a continuation', [[continuation, ping]]],
    [
      'inside another one',
      [
        [text, ping.slice(0, 5), { fin: false }],
        [text, ping],
      ],
    ],
    ...[1, 2, 4, 7].map((rsv) => [`with reserved bits ${rsv}`, [[text, ping, { rsv }]]] as const),
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((code) => [`of the reserved opcode ${code}`, [[code, ping]]] as const),
    ['that is not UTF-8', [[text, Uint8Array.of(0x22, 0xc3, 0x28, 0x22)]]],
    ['that ends inside a character', [[text, Uint8Array.of(0x22, 0xe2, 0x82)]]],
    ['with a surrogate in UTF-8', [[text, Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)]]],
    [
      'whose fragments are not UTF-8 together',
      [
        [text, Uint8Array.of(0x22, 0xc3), { fin: false }],
        [continuation, Uint8Array.of(0x28, 0x22)],
      ],
    ],
    ['of a megabyte', [[text, ping.padEnd(1_048_576)]]],
    ['of a megabyte in fragments', fragments(ping.padEnd(1_048_576), 10_000)],
    ['that claims 2^62 bytes', [[text, ping, { length: 2 ** 62 }]]],
    ['that claims 2^63 bytes', [[text, ping, { length: 2 ** 63 }]]],
    ['in a ping of 126 bytes', [[opcode.ping, 'x'.repeat(126)]]],
    ['in a fragmented ping', [[opcode.ping, 'x', { fin: false }]]],
    ['in a fragmented close', [[opcode.close, '', { fin: false }]]],
  ]
  for (const [what, parts] of broken) {
    test(`${what} ends the connection`, async () => {
      const raw = await welcome()
      for (const part of parts) raw.send(...part)
      raw.send(text, ping)
      assert.equal(await raw.closeCode(), undefined)
      assert.ok(raw.ended)
    })
  }

  test('of one byte too many is closed with too_large', async () => {
    const raw = await welcome()
    raw.send(text, ping.padEnd(65_537))
    assert.equal(await raw.closeCode(), closeCode('too_large'))
  })

  test('of too many bytes in fragments is closed with too_large', async () => {
    const raw = await welcome()
    for (const part of fragments(ping.padEnd(100_000), 9_999)) raw.send(...part)
    assert.equal(await raw.closeCode(), closeCode('too_large'))
  })

  test('that is not masked is never taken for what it says', async () => {
    const raw = await welcome()
    raw.send(text, ping, { masked: false })
    for (let count = 0; count < 40; count++) raw.send(text, ping)
    const answers: string[] = []
    for (let frame = await raw.frame(); frame !== undefined; frame = await raw.frame()) {
      if (frame.opcode === text) answers.push(frame.payload.toString())
    }
    assert.deepEqual(answers, [])
  })

  test('in a ping of 125 bytes comes back in a pong', async () => {
    const raw = await welcome()
    raw.send(opcode.ping, 'x'.repeat(125))
    const frame = await raw.frame()
    assert.equal(frame?.opcode, opcode.pong)
    assert.equal(frame?.payload.toString(), 'x'.repeat(125))
    raw.reset()
  })

  test('cut at every byte by the end of the connection leaves nothing behind', async () => {
    const whole = encodeFrame(text, ping)
    for (let length = 0; length <= whole.length; length++) {
      const raw = await RawSocket.open(hub.port)
      raw.write(whole.subarray(0, length))
      if (length % 2 === 0) raw.socket.end()
      else raw.reset()
      await raw.closeCode()
    }
    await hub.untilMetric('connections', (count) => count === 0)
  })

  function fragments(message: string, size: number): Part[] {
    const parts: Part[] = []
    for (let at = 0; at < message.length; at += size) {
      const code = at === 0 ? text : continuation
      parts.push([code, message.slice(at, at + size), { fin: at + size >= message.length }])
    }
    return parts
  }
})

describe('a close frame', () => {
  const valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 4000, 4999]
  const invalid = [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535]
  for (const code of [...valid, ...invalid]) {
    test(`with ${code} is answered${valid.includes(code) ? ' with the same' : ' without a code'}`, async () => {
      const raw = await welcome()
      raw.send(opcode.close, closePayload(code, 'bye'))
      assert.equal(await raw.closeCode(), valid.includes(code) ? code : 1005)
    })
  }

  test('without a code, of one byte, or with a reason that is not UTF-8 is answered without a code', async () => {
    for (const payload of ['', 'x', Buffer.concat([closePayload(1000), Uint8Array.of(0xc3, 0x28)])]) {
      const raw = await welcome()
      raw.send(opcode.close, payload)
      assert.equal(await raw.closeCode(), 1005)
    }
  })

  test('is the last that is heard', async () => {
    const raw = await welcome()
    raw.send(opcode.close, closePayload(1000))
    raw.send(text, ping)
    const codes: number[] = []
    for (let frame = await raw.frame(); frame !== undefined; frame = await raw.frame()) codes.push(frame.opcode)
    assert.deepEqual(codes, [opcode.close])
  })

  function closePayload(code: number, reason = ''): Buffer {
    const head = Buffer.alloc(2)
    head.writeUInt16BE(code)
    return Buffer.concat([head, Buffer.from(reason)])
  }
})

describe('a handshake', () => {
  // A client must wait for the answer before it sends more (section 4.1), so what came too early
  // was not heard.
  test('that no Hello follows in time is closed with stalled, since a slow client may come back', async () => {
    const hello = encodeFrame(text, JSON.stringify({ type: 'hello', token }))
    const early = await RawSocket.connect(hub.port)
    early.write(Buffer.concat([Buffer.from(upgradeRequest()), hello]))
    await early.head()
    const garbled = await RawSocket.connect(hub.port)
    garbled.write(`${upgradeRequest()}GET / HTTP/1.1\r\n\r\n${'\xff'.repeat(64)}`)
    await garbled.head()
    const silent = [
      early,
      garbled,
      await RawSocket.open(hub.port, 'weir.v1'),
      await RawSocket.open(hub.port, 'weir.v1.json'),
    ]
    const codes = await Promise.all(silent.map((raw) => raw.closeCode()))
    assert.deepEqual(codes, Array(4).fill(closeCode('stalled')))
  })

  test('that is never finished ends, and is not counted before', async () => {
    assert.equal(await hub.metric('connections'), 0)
    await unfinished.closeCode()
    assert.ok(unfinished.ended)
  })
})
