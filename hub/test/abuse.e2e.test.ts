import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { after, afterEach, before, describe, test } from 'node:test'
import { closeCode, Mode } from '@weir/proto'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { Heap } from './heap.ts'
import { encodeFrame, opcode, RawSocket, upgradeRequest } from './raw-socket.ts'
import { TestClient } from './test-client.ts'

const mebibyte = 1_048_576
/**
 * What a socket's buffer may hold: high water, one largest entry and as much again of answers, and
 * a frame.
 */
const socketBytesMax = 65_536 + 524_288 + 131_072

let mesh: TestMesh
let hub: TestHub
let heap: Heap
let token: string

before(async () => {
  mesh = await TestMesh.start()
  heap = await Heap.reserve()
  hub = await mesh.startHub({ ...heap.environment, WEIR_HUB_FRAMES_PER_SECOND: '1000000' })
  token = await testToken()
  for (let count = 0; count < 100; count++) await mesh.publish(`abuse.s${count}`)
})

after(async () => {
  heap.close()
  await mesh.stop()
})

afterEach(() => hub.untilMetric('connections', (count) => count === 0))

/**
 * Does the same again and again. The first time fills caches and pools; after it nothing may grow:
 * not the heap, whose bytes are exact, and not what the process takes of the machine, within what
 * allocators keep.
 */
async function leavesNothing(abuse: () => Promise<void>): Promise<void> {
  const used: number[] = []
  const resident: number[] = []
  for (let round = 0; round < 3; round++) {
    await abuse()
    await hub.untilMetric('connections', (count) => count === 0)
    used.push(await heap.usedBytes())
    resident.push(await hub.metric('process_resident_memory_bytes'))
  }
  const growth = (used[2] ?? 0) - (used[0] ?? 0)
  assert.ok(growth < mebibyte / 2, `the heap grew by ${growth} bytes in two rounds: ${used}`)
  const taken = (resident[2] ?? 0) - (resident[0] ?? 0)
  assert.ok(taken < 16 * mebibyte, `the process grew by ${taken} bytes in two rounds: ${resident}`)
  for (const metric of ['channels', 'subscriptions', 'behind', 'socket_bytes']) {
    assert.equal(await hub.metric(metric), 0, metric)
  }
}

async function welcome(): Promise<RawSocket> {
  const raw = await RawSocket.open(hub.port)
  raw.send(opcode.text, JSON.stringify({ type: 'hello', token }))
  await raw.json()
  return raw
}

describe('a hub that is abused has its memory back', () => {
  test('after ten thousand sockets that were opened and dropped at every stage', async () => {
    let count = 0
    await leavesNothing(async () => {
      const one = async (): Promise<void> => {
        while (count % 3_400 !== 3_399) {
          const stage = count++ % 4
          const raw = stage < 2 ? await RawSocket.connect(hub.port) : await welcome()
          if (stage === 1) raw.write(upgradeRequest())
          if (stage === 3) raw.send(opcode.text, '{"type":"subscribe","id":1,"source":"events","filters":[">"]}')
          raw.reset()
        }
      }
      await Promise.all(Array.from({ length: 50 }, one))
      count++
    })
    assert.ok(count > 10_000)
  })

  test('after subscriptions that came and went', async () => {
    let id = 0
    await leavesNothing(async () => {
      const churning = await TestClient.open(hub.url)
      for (let count = 0; count < 5_000; count++) {
        id++
        churning.subscribe({
          id,
          filters: [`abuse.*`, `churn.c${id}.>`],
          mode: count % 2 === 0 ? Mode.ALL : Mode.LATEST,
        })
        churning.send({ case: 'unsubscribe', value: { $typeName: 'weir.v1.Unsubscribe', id } })
        if (count % 100 !== 99) continue
        churning.send({ case: 'ping', value: { $typeName: 'weir.v1.Ping' } })
        await churning.next('pong')
        churning.frames.length = 0
      }
      churning.close()
    })
  })

  test('after frames that broke off in the middle', async () => {
    const half = encodeFrame(opcode.text, 'x'.repeat(60_000)).subarray(0, 50_000)
    await leavesNothing(async () => {
      const sockets = await Promise.all(Array.from({ length: 200 }, welcome))
      for (const raw of sockets) raw.write(half)
      for (const raw of sockets) {
        raw.send(opcode.ping)
        raw.socket.end()
      }
      await Promise.all(sockets.map((raw) => raw.closeCode()))
    })
  })
})

describe('a client that asks and never reads', () => {
  const floods: readonly (readonly [string, Buffer])[] = [
    ['pings of the protocol', encodeFrame(opcode.text, '{"type":"ping"}')],
    ['pings of RFC 6455', encodeFrame(opcode.ping, 'x'.repeat(125))],
    [
      'requests that are refused',
      encodeFrame(opcode.text, '{"type":"subscribe","id":0,"source":"events","filters":[">"]}'),
    ],
    [
      'subscriptions that come and go',
      Buffer.concat(
        [
          '{"type":"subscribe","id":1,"source":"events","filters":[">"],"mode":"LATEST"}',
          '{"type":"unsubscribe","id":1}',
        ].map((text) => encodeFrame(opcode.text, text)),
      ),
    ],
  ]
  for (const [what, frames] of floods) {
    test(`is closed when it floods with ${what}, and costs no more than the bound`, async () => {
      const raw = await welcome()
      raw.socket.pause()
      const many = Buffer.concat(Array.from({ length: 500 }, () => frames))
      let most = 0
      for (let sent = 0; (await hub.metric('connections')) === 1; sent += many.length) {
        assert.ok(sent < 100 * mebibyte, 'it is closed')
        if (raw.socket.writableLength < mebibyte) raw.write(many)
        most = Math.max(most, await hub.metric('socket_bytes'))
      }
      assert.ok(most <= socketBytesMax, `${most} bytes were kept for it`)
      raw.socket.resume()
      assert.equal(await raw.closeCode(), closeCode('rate_limited'))
    })
  }
})

test('a client that floods with acknowledgements harms nobody', async () => {
  const raw = await welcome()
  raw.send(opcode.text, '{"type":"subscribe","id":1,"source":"events","filters":["flood.>"],"mode":"ALL"}')
  await raw.json()
  const acks = Buffer.concat(
    Array.from({ length: 1_000 }, () => encodeFrame(opcode.text, '{"type":"ack","bytes":4294967295}')),
  )
  for (let count = 0; count < 20; count++) raw.write(acks)
  await mesh.publish('flood.a', '1')
  assert.equal((await raw.json()).type, 'batch')
  raw.reset()
})

test('a client of more frames than are allowed is asked to come back later', async () => {
  const strict = await mesh.startHub({ WEIR_HUB_FRAMES_PER_SECOND: '100' })
  const floods = ['{"type":"ping"}', '{"type":"ack","bytes":1}', '{"type":"unsubscribe","id":7}']
  for (const text of floods) {
    const raw = await RawSocket.open(strict.port)
    raw.send(opcode.text, JSON.stringify({ type: 'hello', token }))
    for (let count = 0; count < 400; count++) raw.send(opcode.text, text)
    assert.equal(await raw.closeCode(), closeCode('rate_limited'))
  }
  const raw = await RawSocket.open(strict.port)
  for (let count = 0; count < 400; count++) raw.send(opcode.ping)
  assert.equal(await raw.closeCode(), closeCode('rate_limited'))
})

test('frames that wait for an earlier one are bounded in number and bytes', async () => {
  // Hello waits for the keys to verify its token, and whatever comes after for Hello.
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  const waiting = await mesh.startHub({ WEIR_JWT_SECRET: '', WEIR_JWKS_URL: `http://127.0.0.1:${port}/keys` })
  const floods = [Array<string>(600).fill('{"type":"ping"}'), Array<string>(20).fill(`{"type":"ping"}`.padEnd(60_000))]
  for (const frames of floods) {
    const raw = await RawSocket.open(waiting.port)
    raw.send(opcode.text, JSON.stringify({ type: 'hello', token: testKeyToken }))
    for (const frame of frames) raw.send(opcode.text, frame)
    assert.equal(await raw.closeCode(), closeCode('rate_limited'))
  }
  await waiting.stop()
  silent.close()
})

/** A token that needs a key from elsewhere. */
const testKeyToken = `${Buffer.from('{"alg":"ES256","kid":"k"}').toString('base64url')}.e30.${'A'.repeat(86)}`
