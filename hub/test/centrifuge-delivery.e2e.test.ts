import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { limits } from '../src/limits.ts'
import { CentrifugeWire } from './centrifuge-wire.ts'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { opcode, RawSocket } from './raw-socket.ts'
import { until } from './until.ts'

let mesh: TestMesh
let hub: TestHub
let token: string

before(async () => {
  mesh = await TestMesh.start()
  hub = await mesh.startHub({ WEIR_HUB_HEARTBEAT_SECONDS: '500ms', WEIR_HUB_STALL_SECONDS: '2s' })
  token = await testToken({ subscribe: ['rooms.>', 'slow.>'] })
})

after(() => mesh.stop())

afterEach(() => hub.untilForgotten())

describe('a position', () => {
  test('of a foreign epoch, or ahead of the stream, begins with all that there is, and says so', async () => {
    const seq = await mesh.publish('rooms.one', '1')
    const wire = await CentrifugeWire.connect(hub, token)
    const { subscribe: here } = await wire.ask({ subscribe: { channel: 'rooms.one' } })
    await wire.ask({ unsubscribe: { channel: 'rooms.one' } })
    for (const position of [
      { epoch: 'hello', offset: 3 },
      { epoch: '', offset: 2 ** 50 },
      { epoch: here?.epoch, offset: 2 ** 50 },
    ]) {
      const { subscribe } = await wire.ask({ subscribe: { channel: 'rooms.one', recover: true, ...position } })
      assert.equal(subscribe?.was_recovering, true)
      assert.equal(subscribe?.recovered, false)
      await until(() => wire.publications.some(({ offset }) => offset === seq))
      wire.replies.length = 0
      await wire.ask({ unsubscribe: { channel: 'rooms.one' } })
    }
    wire.close()
  })

  test('of this epoch, or of none, goes on behind it', async () => {
    const seq = await mesh.publish('rooms.two', '1')
    const next = await mesh.publish('rooms.two', '2')
    const wire = await CentrifugeWire.connect(hub, token)
    for (const epoch of ['', (await wire.ask({ history: { channel: 'rooms.two' } })).history?.epoch]) {
      wire.replies.length = 0
      const asked = { channel: 'rooms.two', recover: true, epoch, offset: seq }
      const { subscribe } = await wire.ask({ subscribe: asked })
      assert.equal(subscribe?.recovered, true)
      assert.equal(subscribe?.offset, seq)
      assert.deepEqual(
        subscribe?.publications?.map(({ data, offset, tags }) => [data, offset, tags.subject]),
        [[2, next, 'rooms.two']],
      )
      await wire.ask({ unsubscribe: { channel: 'rooms.two' } })
    }
    wire.close()
  })
})

describe('what a client missed', () => {
  const filler = 'x'.repeat(1_000)

  test('comes in the answer as far as its bound goes, and the rest by itself', async () => {
    const seqs: number[] = []
    for (let n = 0; n < 60; n++) seqs.push(await mesh.publish(`rooms.missed.s${n}`, JSON.stringify({ n, filler })))
    const wire = await CentrifugeWire.connect(hub, token)
    const asked = { channel: 'rooms.missed.*', recover: true, epoch: '', offset: seqs[9] }
    const { subscribe } = await wire.ask({ subscribe: asked })
    const answered = subscribe?.publications ?? []
    const most = Math.floor(limits.recoveredBytesMax / filler.length)
    assert.ok(answered.length > most / 2 && answered.length <= most, `${answered.length} in the answer`)
    await mesh.publish('rooms.missed.s0', '"live"')
    await until(() => wire.publications.at(-1)?.data === 'live')
    assert.deepEqual(
      wire.publications.slice(0, -1).map(({ offset }) => offset),
      seqs.slice(10),
    )
    // The one who goes on from anywhere in between misses nothing either.
    await wire.ask({ unsubscribe: { channel: 'rooms.missed.*' } })
    wire.replies.length = 0
    await wire.ask({ subscribe: { ...asked, offset: answered.at(-1)?.offset } })
    await until(() => wire.publications.at(-1)?.data === 'live')
    assert.equal(wire.publications.length, 51 - answered.length)
    wire.close()
  })

  test('of a bucket is the newest of each, and how many were left out', async () => {
    await mesh.put('latest', 'rooms.kept.a', '1')
    await mesh.put('latest', 'rooms.kept.b', '1')
    const wire = await CentrifugeWire.connect(hub, token)
    const channel = 'latest:rooms.kept.*'
    const { subscribe } = await wire.ask({ subscribe: { channel } })
    await until(() => wire.publications.length === 2)
    const offset = wire.publications.at(-1)?.offset
    for (const value of ['2', '3', '4']) await mesh.put('latest', 'rooms.kept.a', value)
    await until(() => wire.publications.at(-1)?.data === 4)
    await wire.ask({ unsubscribe: { channel } })
    const again = await wire.ask({ subscribe: { channel, recover: true, epoch: subscribe?.epoch, offset } })
    assert.equal(again.subscribe?.recovered, true)
    assert.deepEqual(
      again.subscribe?.publications?.map(({ data, tags }) => [data, tags.conflated]),
      [[4, '2']],
    )
    wire.close()
  })

  test('is nothing where nothing came', async () => {
    const seq = await mesh.publish('rooms.quiet', '1')
    await mesh.publish('rooms.loud', '1')
    const wire = await CentrifugeWire.connect(hub, token)
    const asked = { channel: 'rooms.quiet', recover: true, epoch: '', offset: seq }
    const { subscribe } = await wire.ask({ subscribe: asked })
    assert.equal(subscribe?.recovered, true)
    assert.equal(subscribe?.publications, undefined)
    wire.close()
  })
})

test('what is published within the delay that a channel allows comes in one message', async () => {
  const [patient, other] = [await CentrifugeWire.connect(hub, token), await CentrifugeWire.connect(hub, token)]
  await patient.ask({ subscribe: { channel: 'rooms.delay', data: { maxDelayMs: 1_000 } } })
  await other.ask({ subscribe: { channel: 'rooms.delay', data: { maxDelayMs: 0 } } })
  for (let n = 1; n <= 20; n++) {
    await mesh.publish('rooms.delay', String(n))
    await until(() => other.publications.length === n)
  }
  await until(() => patient.publications.length === 20)
  assert.deepEqual(
    patient.publications.map(({ data }) => data),
    Array.from({ length: 20 }, (_, n) => n + 1),
  )
  assert.equal(other.pushMessages, 20)
  assert.ok(patient.pushMessages < 15, `${patient.pushMessages} messages`)
  patient.close()
  other.close()
})

describe('a client that is slow', () => {
  const filler = 'x'.repeat(10_000)
  /** Before the first ping, and after it. */
  const heldBytesMax = limits.pingAfterBytes + limits.pingWindowBytes

  test('gets a window after a ping that it does not answer, and everything in order once it does', async () => {
    const wire = await CentrifugeWire.connect(hub, token)
    await wire.ask({ subscribe: { channel: 'slow.>' } })
    wire.answers = false
    const count = 120
    for (let n = 0; n < count; n++) await mesh.publish('slow.a', JSON.stringify({ n, filler }))
    await hub.untilMetric('behind', (behind) => behind === 1)
    assert.ok(wire.bytes <= heldBytesMax + 200_000, `${wire.bytes} bytes came without an answer`)
    assert.ok(wire.publications.length < count)
    wire.answers = true
    for (let { pings } = wire; pings > 0; pings--) wire.pong()
    await until(() => wire.publications.length === count)
    assert.deepEqual(
      wire.publications.map(({ data }) => (data as { n: number }).n),
      Array.from({ length: count }, (_, n) => n),
    )
    wire.close()
  })

  test('is asked to come again when it answers nothing for the time of a stall', async () => {
    const wire = await CentrifugeWire.connect(hub, token)
    await wire.ask({ subscribe: { channel: 'slow.>' } })
    wire.answers = false
    for (let n = 0; n < 60; n++) await mesh.publish('slow.a', JSON.stringify({ n, filler }))
    assert.equal((await wire.closed).code, 3008)
  })

  test('asks for much at once, and the hub holds one answer at a time for it', async () => {
    for (let n = 0; n < 30; n++) await mesh.publish('rooms.much', JSON.stringify({ n, filler }))
    const raw = await RawSocket.open(hub.port, 'centrifuge-json', '/connection/websocket')
    raw.send(opcode.text, JSON.stringify({ id: 1, connect: { token } }))
    await raw.frame()
    raw.socket.pause()
    const asked = 200
    const lines = Array.from({ length: asked }, (_, at) => ({
      id: 2 + at,
      history: { channel: 'rooms.much', limit: -1 },
    }))
    raw.send(opcode.text, lines.map((line) => JSON.stringify(line)).join('\n'))
    await hub.untilMetric('socket_bytes', (bytes) => bytes > 0)
    let most = 0
    for (let look = 0; look < 20; look++) most = Math.max(most, await hub.metric('socket_bytes'))
    assert.ok(most < 2 * limits.historyBytesMax, `${most} bytes were kept for it`)
    raw.socket.resume()
    let answers = 0
    while (answers < asked) if (((await raw.frame())?.payload.length ?? 0) > 1_000) answers++
    raw.reset()
  })

  test('hears a ping at each heartbeat, whatever else it hears', async () => {
    const wire = await CentrifugeWire.connect(hub, token)
    await wire.ask({ subscribe: { channel: 'rooms.>' } })
    const { pings } = wire
    while (wire.pings < pings + 3) await mesh.publish('rooms.busy')
    wire.close()
  })
})
