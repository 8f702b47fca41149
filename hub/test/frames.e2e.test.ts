import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  type ClientFrame,
  ClientFrameSchema,
  clientFrameToJson,
  closeCode,
  type ErrorCode,
  Mode,
  Start,
  type Subscribe,
} from '@weir/proto'
import fc from 'fast-check'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { TestClient } from './test-client.ts'

type Frame = ClientFrame['frame']

const ping: Frame = { case: 'ping', value: { $typeName: 'weir.v1.Ping' } }
const maxUint64 = 2n ** 64n - 1n
const protocols = ['weir.v1', 'weir.v1.json'] as const

let mesh: TestMesh
let hub: TestHub

before(async () => {
  mesh = await TestMesh.start()
  hub = await mesh.startHub({ WEIR_HUB_SUBSCRIPTIONS: '8', WEIR_HUB_FILTERS: '4', WEIR_HUB_HEARTBEAT_SECONDS: '1' })
})

after(() => mesh.stop())

// Whatever was sent, the hub has forgotten who sent it, and took none of it for a fault of its own.
afterEach(() => hub.untilForgotten())

describe('garbage', () => {
  const byte = fc.integer({ min: 0, max: 255 })
  const bytes = fc.uint8Array({ minLength: 0, maxLength: 200 })
  const valid: fc.Arbitrary<Frame> = fc.oneof(
    fc.record({
      case: fc.constant('subscribe' as const),
      value: fc.record({
        $typeName: fc.constant('weir.v1.Subscribe' as const),
        id: fc.integer({ min: 0, max: 9 }),
        source: fc.constantFrom('events', 'latest', '', 'nowhere', '../etc', 'a b'),
        filters: fc.array(fc.constantFrom('>', 'a.*', 'a.b', '', '..', 'a.>.b', '>.a', ' ', 'ä'), { maxLength: 6 }),
        mode: fc.constantFrom(Mode.UNSPECIFIED, Mode.ALL, Mode.LATEST),
        intervalMs: fc.constantFrom(0, 1, 1000, 2 ** 32 - 1),
      }),
    }),
    fc.record({
      case: fc.constant('unsubscribe' as const),
      value: fc.record({ $typeName: fc.constant('weir.v1.Unsubscribe' as const), id: fc.nat() }),
    }),
    fc.record({
      case: fc.constant('ack' as const),
      value: fc.record({ $typeName: fc.constant('weir.v1.Ack' as const), bytes: fc.nat() }),
    }),
    fc.record({
      case: fc.constant('renew' as const),
      value: fc.record({ $typeName: fc.constant('weir.v1.Renew' as const), token: fc.string() }),
    }),
    fc.record({
      case: fc.constant('hello' as const),
      value: fc.record({
        $typeName: fc.constant('weir.v1.Hello' as const),
        token: fc.string(),
        client: fc.string(),
        windowBytes: fc.nat(),
      }),
    }),
    fc.constant(ping),
  )

  /** A whole frame with some of its bytes changed, left out or doubled. */
  const mutated = fc
    .record({ frame: valid, at: fc.nat(), value: byte, how: fc.constantFrom('set', 'cut', 'drop', 'double', 'join') })
    .map(({ frame, at, value, how }) => {
      const whole = encode(frame)
      const place = whole.length === 0 ? 0 : at % whole.length
      const [head, tail] = [whole.subarray(0, place), whole.subarray(place)]
      switch (how) {
        case 'set':
          return Buffer.concat([head, Uint8Array.of(value), tail.subarray(1)])
        case 'cut':
          return head
        case 'drop':
          return Buffer.concat([head, tail.subarray(1)])
        case 'double':
          return Buffer.concat([head, whole])
        default:
          return Buffer.concat([whole, whole])
      }
    })

  const word = fc.oneof(fc.constantFrom('type', 'id', 'token', 'filters', 'cursor', '__proto__', 'bytes'), fc.string())
  const jsonFrame = fc
    .record({
      type: fc.oneof(
        fc.constantFrom('hello', 'subscribe', 'unsubscribe', 'ack', 'renew', 'ping', 'batch', 'toString'),
        fc.jsonValue(),
      ),
      rest: fc.dictionary(word, fc.jsonValue({ maxDepth: 2 })),
    })
    .map(({ type, rest }) => JSON.stringify({ type, ...rest }))
  const jsonText = fc.oneof(jsonFrame, fc.json(), fc.string(), fc.constant('['.repeat(60_000)))

  const kinds: readonly (readonly [string, 'weir.v1' | 'weir.v1.json', fc.Arbitrary<Uint8Array | string>])[] = [
    ['random bytes', 'weir.v1', bytes],
    ['frames with wrong bytes', 'weir.v1', mutated],
    ['valid frames in any order', 'weir.v1', valid.map(encode)],
    ['JSON and what is none', 'weir.v1.json', jsonText],
    ['valid frames in any order', 'weir.v1.json', valid.map((frame) => clientFrameToJson(message(frame)))],
    ['random bytes', 'weir.v1.json', bytes],
  ]
  for (const [what, protocol, arbitrary] of kinds) {
    test(`as ${what} by ${protocol} is answered, refused or closed for the client's fault`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(arbitrary, { minLength: 1, maxLength: 6 }),
          fc.boolean(),
          async (messages, greeted) => {
            const client = greeted
              ? await TestClient.open(hub.url, { protocol })
              : new TestClient(hub.url, { protocol })
            if (!greeted) await client.connected()
            for (const each of messages) client.sendRaw(each)
            client.send(ping)
            const outcome = await Promise.race([client.closed, client.next('pong').then(() => undefined)])
            if (outcome !== undefined) {
              const faults: readonly ErrorCode[] = ['malformed', 'unauthenticated', 'too_large', 'rate_limited']
              assert.ok(faults.map(closeCode).includes(outcome.code), `closed with ${outcome.code} ${outcome.reason}`)
              assert.notEqual(outcome.reason, '')
            } else assert.ok(greeted, 'nothing is answered before Hello')
            client.close()
          },
        ),
        { numRuns: 80 },
      )
    })
  }
})

test('a close says as much of a long reason as fits, in whole characters', async () => {
  const client = await TestClient.open(hub.url, { protocol: 'weir.v1.json' })
  client.sendRaw(JSON.stringify({ type: 'ping', [`a${'€'.repeat(200)}`]: 1 }))
  const { code, reason } = await client.closed
  assert.equal(code, closeCode('malformed'))
  assert.match(reason, /a€{20,}$/)
  assert.ok(Buffer.byteLength(reason) > 120 && Buffer.byteLength(reason) <= 123)
})

for (const protocol of protocols) {
  describe(`a frame, by ${protocol}`, () => {
    const early: readonly Frame[] = [
      ping,
      { case: 'subscribe', value: subscribe({}) },
      { case: 'unsubscribe', value: { $typeName: 'weir.v1.Unsubscribe', id: 1 } },
      { case: 'ack', value: { $typeName: 'weir.v1.Ack', bytes: 1 } },
      { case: 'renew', value: { $typeName: 'weir.v1.Renew', token: '' } },
    ]
    for (const frame of early) {
      test(`${frame.case} before Hello closes with malformed`, async () => {
        const client = new TestClient(hub.url, { protocol })
        await client.connected()
        client.send(frame)
        assert.equal((await client.closed).code, closeCode('malformed'))
      })
    }

    test('Hello a second time closes with malformed', async () => {
      const token = await testToken()
      const client = await TestClient.open(hub.url, { protocol, token })
      client.send({ case: 'hello', value: { $typeName: 'weir.v1.Hello', token, client: '', windowBytes: 0 } })
      assert.equal((await client.closed).code, closeCode('malformed'))
    })

    test('that is empty closes with malformed', async () => {
      const client = await TestClient.open(hub.url, { protocol })
      client.sendRaw(protocol === 'weir.v1' ? new Uint8Array(0) : '')
      assert.equal((await client.closed).code, closeCode('malformed'))
    })

    test('Hello gets a window between the least and the largest', async () => {
      const windows: number[] = []
      for (const windowBytes of [0, 1, 262_144, 2 ** 32 - 1]) {
        const client = new TestClient(hub.url, { protocol })
        await client.connected()
        const token = await testToken()
        client.send({
          case: 'hello',
          value: { $typeName: 'weir.v1.Hello', token, client: 'x'.repeat(9999), windowBytes },
        })
        windows.push((await client.next('welcome')).limits?.windowBytes ?? -1)
        client.close()
      }
      assert.deepEqual(windows, [0, 16_384, 262_144, 8 * 1024 * 1024])
    })

    const refused: (readonly [string, ErrorCode, Partial<Subscribe>])[] = [
      ['with id 0', 'invalid', { id: 0 }],
      ['with the id of another', 'conflict', { id: 1, filters: ['other'] }],
      ['of no filter', 'invalid', { filters: [] }],
      ['of too many filters', 'invalid', { filters: ['a', 'b', 'c', 'd', 'e'] }],
      ['of an empty filter', 'malformed', { filters: [''] }],
      ['of a filter with an empty token', 'malformed', { filters: ['a..b'] }],
      ['of a filter that goes on after >', 'malformed', { filters: ['a.>.b'] }],
      ['of a filter with a wildcard inside a token', 'malformed', { filters: ['a.b*'] }],
      ['of a filter with a space', 'malformed', { filters: ['a b'] }],
      ['of a filter that is not ASCII', 'malformed', { filters: ['ä'] }],
      ['of a filter that is too long', 'malformed', { filters: ['a'.repeat(256)] }],
      ['of a filter of too many tokens', 'malformed', { filters: [Array(17).fill('a').join('.')] }],
      ['of a source that is no name', 'malformed', { source: '../events' }],
      ['of a source without a name', 'malformed', { source: '' }],
      ['of a source that there is not', 'not_found', { source: 'nowhere' }],
      ['with a huge interval', 'invalid', { mode: Mode.LATEST, intervalMs: 3_600_001 }],
      ['with an interval in mode ALL', 'invalid', { mode: Mode.ALL, intervalMs: 100 }],
    ]
    // In JSON these are not frames at all, which closes the connection.
    if (protocol === 'weir.v1') {
      const cursor = (seq: bigint, epoch = 1n) => ({ $typeName: 'weir.v1.Cursor', epoch, seq }) as const
      refused.push(
        ['of an unknown mode', 'invalid', { mode: 9 as Mode }],
        ['with a cursor of 2^63', 'malformed', { cursor: cursor(2n ** 63n) }],
        ['with a cursor of -1', 'malformed', { cursor: cursor(maxUint64) }],
        ['with an epoch of -1', 'malformed', { cursor: cursor(1n, maxUint64) }],
      )
    }

    test('Subscribe is refused with what is wrong, and the connection goes on', async () => {
      const client = await TestClient.open(hub.url, { protocol })
      client.subscribe({ id: 1, filters: ['taken.>'] })
      await client.next('subscribed')
      for (const [what, code, request] of refused) {
        client.send({ case: 'subscribe', value: subscribe({ id: 7, filters: ['fine'], ...request }) })
        const refusal = await client.next('refused')
        assert.equal(refusal.code, code, what)
        assert.equal(refusal.id, request.id ?? 7, what)
        assert.notEqual(refusal.message, '')
      }
      client.subscribe({ id: 7, filters: ['fine'] })
      assert.equal((await client.next('subscribed')).id, 7)
      client.close()
    })

    test('Subscribe past the number that is allowed is refused, until one ends', async () => {
      const client = await TestClient.open(hub.url, { protocol })
      for (let id = 1; id <= 9; id++) client.subscribe({ id, filters: [`many.s${id}`] })
      assert.deepEqual(await client.next('refused').then(({ id, code }) => [id, code]), [9, 'quota_exceeded'])
      client.send({ case: 'unsubscribe', value: { $typeName: 'weir.v1.Unsubscribe', id: 4 } })
      client.subscribe({ id: 9, filters: ['many.s9'] })
      await client.until(() => client.frames.some((frame) => frame.case === 'subscribed' && frame.value.id === 9))
      client.close()
    })

    test('Unsubscribe of what is not there changes nothing', async () => {
      const client = await TestClient.open(hub.url, { protocol })
      client.subscribe({ filters: ['unknown.id'] })
      await client.next('subscribed')
      client.send({ case: 'unsubscribe', value: { $typeName: 'weir.v1.Unsubscribe', id: 2 } })
      await mesh.publish('unknown.id', '1')
      await client.until(() => client.entries.length === 1)
      client.close()
    })

    test('Unsubscribe ends the batches of its channel', async () => {
      const client = await TestClient.open(hub.url, { protocol })
      client.subscribe({ id: 1, filters: ['ends.a'] })
      client.subscribe({ id: 2, filters: ['ends.*'] })
      await mesh.publish('ends.a', '1')
      await client.until(() => client.entries.length === 2)
      client.send({ case: 'unsubscribe', value: { $typeName: 'weir.v1.Unsubscribe', id: 1 } })
      client.send(ping)
      await client.next('pong')
      await mesh.publish('ends.a', '2')
      await mesh.publish('ends.b', '3')
      await client.until(() => client.entries.includes('ends.b=3'))
      assert.deepEqual(client.entries, ['ends.a=1', 'ends.a=1', 'ends.a=2', 'ends.b=3'])
      client.close()
    })

    test('Ack of more than was sent counts as all of it', async () => {
      const client = await TestClient.open(hub.url, { protocol, windowBytes: 16_384, acknowledges: false })
      client.subscribe({ filters: ['generous'] })
      await client.next('subscribed')
      client.send({ case: 'ack', value: { $typeName: 'weir.v1.Ack', bytes: 2 ** 32 - 1 } })
      const filler = JSON.stringify('x'.repeat(4000))
      for (let count = 0; count < 20; count++) await mesh.publish('generous', filler)
      client.send(ping)
      await client.next('pong')
      const sent = client.entries.length
      assert.ok(sent < 5, `${sent} entries of 4000 bytes came on a window of 16384`)
      client.acknowledges = true
      client.send({ case: 'ack', value: { $typeName: 'weir.v1.Ack', bytes: 2 ** 32 - 1 } })
      await client.until(() => client.entries.length === 20)
      client.close()
    })

    test('Subscribe with a cursor of another epoch begins again, as the mode asks', async () => {
      await mesh.publish(`epoch.${protocol === 'weir.v1' ? 'a' : 'b'}`, '1')
      const cursor = { $typeName: 'weir.v1.Cursor', epoch: 5n, seq: 77n } as const
      const latest = await TestClient.open(hub.url, { protocol })
      latest.subscribe({ filters: ['epoch.>'], mode: Mode.LATEST, cursor })
      assert.equal((await latest.next('subscribed')).start, Start.SNAPSHOT)
      await latest.until(() => latest.entries.length > 0)
      latest.close()
      const all = await TestClient.open(hub.url, { protocol })
      all.subscribe({ filters: ['epoch.>'], mode: Mode.ALL, cursor })
      await all.next('subscribed')
      assert.equal((await all.next('gap')).reason, 'epoch')
      await all.until(() => all.entries.length > 0)
      assert.deepEqual(new Set(all.entries), new Set(latest.entries))
      all.close()
    })

    test('Subscribe with a cursor that no stream has reached begins again', async () => {
      const first = await TestClient.open(hub.url, { protocol })
      first.subscribe({ filters: ['ahead'] })
      const epoch = (await first.next('subscribed')).cursor?.epoch ?? 0n
      first.close()
      const client = await TestClient.open(hub.url, { protocol })
      const cursor = { $typeName: 'weir.v1.Cursor', epoch, seq: 2n ** 53n - 1n } as const
      client.subscribe({ filters: ['ahead'], mode: Mode.LATEST, cursor })
      await mesh.publish('ahead', '1')
      assert.equal((await client.next('subscribed')).start, Start.MEMORY)
      assert.equal((await client.next('subscribed')).start, Start.SNAPSHOT)
      await client.until(() => client.entries.includes('ahead=1'))
      client.close()
    })
  })
}

function encode(frame: Frame): Uint8Array {
  return toBinary(ClientFrameSchema, message(frame))
}

function message(frame: Frame): ClientFrame {
  return create(ClientFrameSchema, { frame })
}

function subscribe(request: Partial<Subscribe>): Subscribe {
  return {
    $typeName: 'weir.v1.Subscribe',
    id: 1,
    source: 'events',
    filters: ['>'],
    mode: Mode.ALL,
    intervalMs: 0,
    ...request,
  }
}
