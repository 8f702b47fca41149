import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { CommandSchema } from '../src/gen/centrifuge/v2/client_pb.js'
import { limits } from '../src/limits.ts'
import { CentrifugeWire } from './centrifuge-wire.ts'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { until } from './until.ts'

const subscriptionsMax = 8

let mesh: TestMesh
let hub: TestHub
let token: string

before(async () => {
  mesh = await TestMesh.start()
  hub = await mesh.startHub({
    WEIR_HUB_SUBSCRIPTIONS: String(subscriptionsMax),
    WEIR_HUB_FRAMES_PER_SECOND: '1000000',
    WEIR_HUB_PUBLISH_BYTES_PER_SECOND: '1000',
    WEIR_HUB_PUBLISH_SUBJECTS: '3',
  })
  token = await testToken({ subscribe: ['rooms.>'], publish: ['rooms.>'] })
})

after(() => mesh.stop())

// Whatever was sent, the hub has forgotten who sent it, and took none of it for a fault of its own.
afterEach(() => hub.untilForgotten())

describe('what closes a connection', () => {
  for (const [why, message, code] of [
    ['a line that is no JSON', '{"id":1', 3501],
    ['a line that is no object', '[1]', 3501],
    ['a field of another type', '{"id":1,"connect":{"token":7}}', 3501],
    ['a number below 0', '{"id":-1,"ping":{}}', 3501],
    ['a command before connect', '{"id":1,"subscribe":{"channel":"rooms.>"}}', 3501],
    ['a command without an id', '{"ping":{}}', 3501],
    ['a token that is none', '{"id":1,"connect":{"token":"x"}}', 3500],
    ['no token', '{"id":1,"connect":{}}', 3500],
    ['a message for nobody', '{"send":{"data":1}}', 3508],
    ['bytes that are no UTF-8', Uint8Array.of(0xff, 0xfe), 3501],
    ['a message that is too large', `{"id":1,"connect":{"token":"${'x'.repeat(limits.frameBytesMax)}"}}`, 3501],
  ] as const) {
    test(`is ${why}`, async () => {
      const wire = await CentrifugeWire.open(hub)
      wire.send(message)
      assert.equal((await wire.closed).code, code)
    })
  }

  test('is a second connect', async () => {
    const wire = await CentrifugeWire.connect(hub, token)
    wire.send(JSON.stringify({ id: 9, connect: { token } }))
    assert.equal((await wire.closed).code, 3501)
  })

  test('is whatever is no command, in both encodings', async () => {
    const valid = fc.constantFrom(
      '{"id":1,"connect":{"token":"x"}}',
      '{"id":2,"subscribe":{"channel":"rooms.>","recover":true,"offset":3,"epoch":"abc"}}',
      '{"id":3,"history":{"channel":"rooms.>","limit":10,"since":{"offset":1,"epoch":"e"}}}',
    )
    const damage = fc.record({ at: fc.nat(90), value: fc.integer({ min: 0, max: 255 }), cut: fc.nat(90) })
    const text = fc.tuple(valid, damage).map(([line, { at, value, cut }]) => {
      const bytes = Buffer.from(line).subarray(0, cut)
      if (at < bytes.length) bytes[at] = value
      return bytes
    })
    const messages = fc.sample(fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 200 }), text), 150)
    for (const [at, message] of messages.entries()) {
      const wire = await CentrifugeWire.open(hub, at % 2 === 0 ? 'centrifuge-protobuf' : undefined)
      wire.send(at % 4 === 1 ? Buffer.from(message).toString('latin1') : new Uint8Array(message))
      // A command that is none, or one that has no place before connect.
      wire.send(at % 2 === 0 ? binary({ id: 1, ping: {} }) : '{"id":1,"ping":{}}')
      const { code } = await wire.closed
      assert.ok(code === 3501 || code === 3500 || code === 3508, `${code} for ${Buffer.from(message).toString('hex')}`)
    }
  })
})

describe('what a client publishes', () => {
  test('is refused for a while past the bytes of its token, and that of others is not', async () => {
    const [fast, calm] = await Promise.all(
      ['fast', 'calm'].map(async (subject) =>
        CentrifugeWire.connect(hub, await testToken({ subject, publish: ['rooms.>'] })),
      ),
    )
    const large = { publish: { channel: 'rooms.rate', data: 'x'.repeat(60_000) } }
    assert.equal(await fast?.fault(large), undefined)
    const { error } = (await fast?.ask({ publish: { channel: 'rooms.rate', data: 1 } })) ?? {}
    assert.deepEqual([error?.code, error?.temporary], [111, true])
    assert.equal(await calm?.fault({ publish: { channel: 'rooms.rate', data: 1 } }), undefined)
    fast?.close()
    calm?.close()
  })

  test('is refused on a new subject past those that its tenant may use', async () => {
    const wire = await CentrifugeWire.connect(hub, await testToken({ subject: 'many', publish: ['rooms.>'] }))
    const faults: unknown[] = []
    for (let n = 0; n < 4; n++) faults.push(await wire.fault({ publish: { channel: `rooms.s${n}`, data: n } }))
    assert.equal(faults.at(-1), 106)
    assert.equal(await wire.fault({ publish: { channel: 'rooms.s0', data: 0 } }), undefined)
    wire.close()
  })
})

test('commands by Protobuf come several in a message, and each is answered', async () => {
  const wire = await CentrifugeWire.open(hub, 'centrifuge-protobuf')
  const commands = [
    { id: 1, connect: { token } },
    { id: 2, ping: {} },
    { id: 3, unsubscribe: { channel: 'rooms.>' } },
  ]
  wire.send(Buffer.concat(commands.map(binary)))
  await until(() => wire.replies.length === 3)
  assert.deepEqual(
    wire.replies.map(({ id }) => id),
    [1, 2, 3],
  )
  wire.close()
})

describe('what is answered with an error, and the connection goes on', () => {
  for (const [why, command, code] of [
    ['a channel that is no filter', { subscribe: { channel: 'rooms..x' } }, 107],
    ['a channel of a source that there is not', { subscribe: { channel: 'nowhere:rooms.>' } }, 102],
    ['the prefix of events', { subscribe: { channel: 'events:rooms.>' } }, 107],
    ['a channel that the token does not grant', { subscribe: { channel: 'other.>' } }, 103],
    ['a filter of tags', { subscribe: { channel: 'rooms.>', tf: { key: 'a', cmp: 'eq', val: 'b' } } }, 108],
    ['a map', { subscribe: { channel: 'rooms.>', type: 1 } }, 108],
    ['data that is none of ours', { subscribe: { channel: 'rooms.>', data: { interval: 5 } } }, 107],
    ['a delay of more than may be', { subscribe: { channel: 'rooms.>', data: { maxDelayMs: 1_001 } } }, 107],
    ['a delay that is no number', { subscribe: { channel: 'rooms.>', data: { maxDelayMs: '5' } } }, 107],
    ['an interval in mode ALL', { subscribe: { channel: 'rooms.>', data: { mode: 'ALL', intervalMs: 5 } } }, 107],
    ['a publication that is not granted', { publish: { channel: 'other.x', data: 1 } }, 103],
    ['a publication to a wildcard', { publish: { channel: 'rooms.*', data: 1 } }, 107],
    ['a publication to a bucket', { publish: { channel: 'latest:rooms.x', data: 1 } }, 103],
    ['a publication without data', { publish: { channel: 'rooms.x' } }, 107],
    ['a history that is not granted', { history: { channel: 'other.x', limit: 1 } }, 103],
    ['a history after a foreign position', { history: { channel: 'rooms.>', limit: 1, since: { epoch: 'x' } } }, 112],
    ['presence', { presence: { channel: 'rooms.>' } }, 108],
    ['the numbers of presence', { presence_stats: { channel: 'rooms.>' } }, 108],
    ['a procedure', { rpc: { method: 'x' } }, 108],
    ['the token of a channel', { sub_refresh: { channel: 'rooms.>' } }, 108],
    ['a method that there is not', { dance: {} }, 104],
    ['a token that is none', { refresh: { token: 'x' } }, 101],
  ] as const) {
    test(why, async () => {
      const wire = await CentrifugeWire.connect(hub, token)
      assert.equal(await wire.fault(command), code)
      assert.deepEqual((await wire.ask({ ping: {} })).ping, {})
      wire.close()
    })
  }

  test('a channel that is read already', async () => {
    const wire = await CentrifugeWire.connect(hub, token)
    assert.equal(await wire.fault({ subscribe: { channel: 'rooms.>' } }), undefined)
    assert.equal(await wire.fault({ subscribe: { channel: 'rooms.>' } }), 105)
    assert.equal(await wire.fault({ unsubscribe: { channel: 'rooms.>' } }), undefined)
    assert.equal(await wire.fault({ unsubscribe: { channel: 'rooms.>' } }), undefined)
    assert.equal(await wire.fault({ subscribe: { channel: 'rooms.>' } }), undefined)
    wire.close()
  })

  test('more channels than are allowed, ten thousand of them', async () => {
    const wire = await CentrifugeWire.connect(hub, token)
    let refused = 0
    for (let first = 0; first < 10_000; first += 500) {
      const channels = Array.from({ length: 500 }, (_, at) => `rooms.r${first + at}`)
      const replies = wire.replies.length
      const lines = channels.map((channel, at) => JSON.stringify({ id: 100_000 + first + at, subscribe: { channel } }))
      wire.send(lines.join('\n'))
      await until(() => wire.replies.length === replies + channels.length)
      refused += wire.replies.slice(replies).filter(({ error }) => error?.code === 106).length
    }
    assert.equal(refused, 10_000 - subscriptionsMax)
    wire.close()
  })

  test('a token that has expired, before the connection', async () => {
    const wire = await CentrifugeWire.open(hub)
    assert.equal(await wire.fault({ connect: { token: await testToken({ ttlSeconds: -10 }) } }), 109)
    assert.equal(await wire.fault({ connect: { token } }), undefined)
    wire.close()
  })
})

function binary(command: Parameters<typeof create<typeof CommandSchema>>[1]): Uint8Array {
  const bytes = toBinary(CommandSchema, create(CommandSchema, command))
  assert.ok(bytes.length < 0x4000)
  const length = bytes.length < 0x80 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >>> 7]
  return Uint8Array.of(...length, ...bytes)
}
