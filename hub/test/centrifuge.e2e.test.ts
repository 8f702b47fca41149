import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { defaultTenantSpec, eventStream, jetstreamManager, provisionTenant } from '@weir/mesh'
import {
  Centrifuge,
  type Options,
  type PublicationContext,
  type SubscribedContext,
  type Subscription,
} from 'centrifuge'
import { Centrifuge as ProtobufCentrifuge, type Subscription as ProtobufSubscription } from 'centrifuge/build/protobuf'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { until } from './until.ts'

let mesh: TestMesh
let hub: TestHub

before(async () => {
  mesh = await TestMesh.start()
  hub = await mesh.startHub()
})

after(() => mesh.stop())

type Client = Centrifuge | ProtobufCentrifuge

interface Reading {
  readonly client: Client
  readonly subscription: Subscription | ProtobufSubscription
  readonly got: PublicationContext[]
}

const encodings: readonly {
  readonly name: string
  open(options: Partial<Options>): Client
  /** What a publication's data says. */
  read(data: unknown): unknown
  write(value: unknown): unknown
}[] = [
  {
    name: 'JSON',
    open: (options) => new Centrifuge(address(hub), options),
    read: (data) => data,
    write: (value) => value,
  },
  {
    name: 'Protobuf',
    open: (options) => new ProtobufCentrifuge(address(hub), options),
    read: (data) => JSON.parse(new TextDecoder().decode(data as Uint8Array)),
    write: (value) => new TextEncoder().encode(JSON.stringify(value)),
  },
]

function address({ port }: { readonly port: number }): string {
  return `ws://127.0.0.1:${port}/connection/websocket`
}

/** A subscription that was answered. */
async function subscribed(client: Client, channel: string, data?: object): Promise<Reading> {
  const subscription = client.newSubscription(channel, data === undefined ? {} : { data })
  const got: PublicationContext[] = []
  subscription.on('publication', (publication) => got.push(publication))
  subscription.subscribe()
  client.connect()
  await subscription.ready(20_000)
  return { client, subscription, got }
}

for (const { name, open, read, write } of encodings) {
  describe(`the official client with ${name}`, () => {
    test('gets what is published to a wildcard, with the subject in tags', async () => {
      const { client, got } = await subscribed(open({ token: await testToken() }), 'rooms.*.climate')
      await mesh.publish('rooms.r1.climate', '{"celsius": 21.5}')
      await mesh.publish('rooms.r1.other', '1')
      await mesh.publish('rooms.r2.climate', '[1,\n2]')
      await until(() => got.length === 2)
      assert.deepEqual(
        got.map(({ data }) => read(data)),
        [{ celsius: 21.5 }, [1, 2]],
      )
      assert.deepEqual(
        got.map(({ channel, tags }) => [channel, tags?.subject]),
        [
          ['rooms.*.climate', 'rooms.r1.climate'],
          ['rooms.*.climate', 'rooms.r2.climate'],
        ],
      )
      client.disconnect()
    })

    test('publishes to the stream, and is answered when it is stored', async () => {
      const token = await testToken({ publish: ['chat.>'] })
      const { client, subscription, got } = await subscribed(open({ token }), 'chat.room')
      await subscription.publish(write({ text: 'hello' }))
      await until(() => got.length === 1)
      assert.deepEqual(read(got[0]?.data), { text: 'hello' })
      assert.equal(got[0]?.tags?.source, 'clients/tester')
      await assert.rejects(client.publish('other.room', write(1)), { code: 103 })
      await assert.rejects(client.presence('chat.room'), { code: 108 })
      client.disconnect()
    })
  })
}

describe('a bucket', () => {
  test('is told as a snapshot, then live, with removals', async () => {
    await mesh.put('latest', 'kitchen.oven', '{"celsius":180}')
    await mesh.put('latest', 'kitchen.oven', '{"celsius":200}')
    await mesh.put('latest', 'kitchen.fridge', '{"celsius":4}')
    const { client, subscription, got } = await subscribed(await json(), 'latest:kitchen.>')
    await until(() => got.length === 2)
    assert.deepEqual(
      got.map(({ tags, data }) => [tags?.subject, data]),
      [
        ['kitchen.oven', { celsius: 200 }],
        ['kitchen.fridge', { celsius: 4 }],
      ],
    )
    await mesh.remove('latest', 'kitchen.oven')
    await until(() => got.length === 3)
    assert.deepEqual([got[2]?.data, got[2]?.tags], [null, { subject: 'kitchen.oven', removed: 'DELETED' }])
    assert.equal(subscription.channel, 'latest:kitchen.>')
    client.disconnect()
  })

  test('that is read with an interval tells what was left out', async () => {
    const { client, got } = await subscribed(await json(), 'latest:fast.>', { intervalMs: 200 })
    for (let n = 1; n <= 50; n++) await mesh.put('latest', 'fast.a', String(n))
    await until(() => got.at(-1)?.data === 50)
    const left = got.reduce((sum, { tags }) => sum + Number(tags?.conflated ?? 0), 0)
    assert.equal(got.length + left, 50)
    assert.ok(got.length < 50)
    assert.ok(got.every(({ tags }) => tags?.interval === '200'))
    client.disconnect()
  })
})

test('history is read by limit, position and direction, from memory and from the stream', async () => {
  const small = await mesh.startHub({ WEIR_HUB_RING_BYTES: '64KiB' })
  const filler = 'x'.repeat(1_000)
  for (let n = 0; n < 300; n++) await mesh.publish(`past.s${n % 3}`, JSON.stringify({ n, filler }))
  const client = new Centrifuge(address(small), { token: await testToken() })
  const { subscription } = await subscribed(client, 'past.>')
  const numbers = ({ publications }: { publications: readonly PublicationContext[] }): number[] =>
    publications.map(({ data }) => (data as { n: number }).n)
  const oldest = await subscription.history({ limit: 5 })
  assert.deepEqual(numbers(oldest), [0, 1, 2, 3, 4])
  const since = { epoch: oldest.epoch, offset: oldest.publications[4]?.offset as number }
  assert.deepEqual(numbers(await subscription.history({ limit: 3, since })), [5, 6, 7])
  assert.deepEqual(numbers(await subscription.history({ limit: 3, reverse: true })), [299, 298, 297])
  assert.deepEqual(numbers(await subscription.history({ limit: 2, reverse: true, since })), [3, 2])
  const all: number[] = []
  for (let at = { epoch: oldest.epoch, offset: 0 }; ; ) {
    const page = await subscription.history({ limit: -1, since: at })
    if (page.publications.length === 0) break
    all.push(...numbers(page))
    at = { ...at, offset: page.publications.at(-1)?.offset as number }
  }
  assert.deepEqual(
    all,
    Array.from({ length: 300 }, (_, n) => n),
  )
  const position = await subscription.history({ limit: 0 })
  assert.equal(position.publications.length, 0)
  assert.ok(position.offset > since.offset)
  client.disconnect()
  await small.stop()
})

describe('a subscription goes on', () => {
  test('when its hub is started again, without a loss and in order', async () => {
    const first = await mesh.startHub()
    const proxy = await TcpProxy.start(first.port)
    const { client, subscription, got } = await subscribed(
      new Centrifuge(address(proxy), { token: await testToken(), minReconnectDelay: 50, maxReconnectDelay: 200 }),
      'restart.>',
    )
    const again: Pick<SubscribedContext, 'wasRecovering' | 'recovered' | 'hasRecoveredPublications'>[] = []
    subscription.on('subscribed', ({ wasRecovering, recovered, hasRecoveredPublications }) =>
      again.push({ wasRecovering, recovered, hasRecoveredPublications }),
    )
    await mesh.publish('restart.a', '0')
    await until(() => got.length === 1)
    await first.stop('SIGKILL')
    for (let n = 1; n <= 20; n++) await mesh.publish('restart.a', String(n))
    const second = await mesh.startHub()
    proxy.target = second.port
    await mesh.publish('restart.a', '21')
    await until(() => got.length === 22)
    assert.deepEqual(
      got.map(({ data }) => data),
      Array.from({ length: 22 }, (_, n) => n),
    )
    assert.deepEqual(again, [{ wasRecovering: true, recovered: true, hasRecoveredPublications: true }])
    client.disconnect()
    proxy.close()
    await second.stop()
  })

  test('from a position that is older than memory, and says so where retention has dropped some', async () => {
    const small = await mesh.startHub({ WEIR_HUB_RING_BYTES: '64KiB' })
    const filler = 'x'.repeat(1_000)
    const seqs: number[] = []
    for (let n = 0; n < 300; n++) seqs.push(await mesh.publish('ring.a', JSON.stringify({ n, filler })))
    const client = new Centrifuge(address(small), { token: await testToken() })
    const { epoch } = await (await subscribed(client, 'ring.>')).subscription.history({ limit: 0 })
    const resumed = async (offset: number): Promise<Resumed> => {
      const subscription = client.newSubscription('ring.a', { since: { epoch, offset } })
      const numbers: number[] = []
      let told: Resumed | undefined
      subscription.on('subscribed', (context) => {
        told = { ...context, numbers }
      })
      subscription.on('publication', ({ data }) => numbers.push((data as { n: number }).n))
      subscription.subscribe()
      await until(() => numbers.at(-1) === 299)
      subscription.unsubscribe()
      client.removeSubscription(subscription)
      return told as Resumed
    }
    const whole = await resumed((seqs[0] as number) - 1)
    assert.deepEqual([whole.wasRecovering, whole.recovered], [true, true])
    // As much as an answer may have came with it, and the rest followed.
    assert.equal(whole.hasRecoveredPublications, true)
    assert.deepEqual(
      whole.numbers,
      Array.from({ length: 300 }, (_, n) => n),
    )
    const manager = await jetstreamManager(mesh.nc)
    await manager.streams.purge(eventStream('main'), { seq: seqs[100] as number })
    const cut = await resumed((seqs[0] as number) - 1)
    assert.deepEqual([cut.wasRecovering, cut.recovered], [true, false])
    assert.deepEqual(
      cut.numbers,
      Array.from({ length: 200 }, (_, n) => 100 + n),
    )
    client.disconnect()
    await small.stop()
  })

  interface Resumed extends SubscribedContext {
    readonly numbers: readonly number[]
  }

  for (const { name, open, read } of encodings) {
    test(`with ${name}, by what its answer holds, then live, each publication once and in order`, async () => {
      const { client, subscription, got } = await subscribed(open({ token: await testToken() }), `answer.${name}.>`)
      for (let n = 0; n < 20; n++) await mesh.publish(`answer.${name}.a`, String(n))
      await until(() => got.length === 20)
      const { epoch } = await subscription.history({ limit: 0 })
      const offset = got[4]?.offset as number
      const again = client.newSubscription(`answer.${name}.*`, { since: { epoch, offset } })
      const numbers: unknown[] = []
      const told: unknown[] = []
      again.on('subscribed', ({ recovered, hasRecoveredPublications, streamPosition }) =>
        told.push([recovered, hasRecoveredPublications, streamPosition?.offset, numbers.length]),
      )
      again.on('publication', ({ data }) => numbers.push(read(data)))
      again.subscribe()
      await again.ready(20_000)
      await mesh.publish(`answer.${name}.b`, '20')
      await until(() => numbers.at(-1) === 20)
      assert.deepEqual(
        numbers,
        Array.from({ length: 16 }, (_, n) => n + 5),
      )
      // Publications move the position of the client from where it was.
      assert.deepEqual(told, [[true, true, offset, 0]])
      client.disconnect()
    })
  }
})

test('ten thousand publications come in order, each once', async () => {
  const { client, got } = await subscribed(await json(), 'many.>')
  const count = 10_000
  const publishing: Promise<number>[] = []
  for (let n = 0; n < count; n++) publishing.push(mesh.publish(`many.s${n % 10}`, String(n)))
  const seqs = await Promise.all(publishing)
  await until(() => got.length === count)
  assert.deepEqual(
    got.map(({ data }) => data),
    Array.from({ length: count }, (_, n) => n),
  )
  assert.deepEqual(
    got.map(({ offset }) => offset),
    seqs,
  )
  client.disconnect()
})

describe('a token', () => {
  test('is renewed before it expires, and what it no longer grants ends', async () => {
    let asked = 0
    const getToken = (): Promise<string> => {
      asked++
      const subscribe = asked === 1 ? ['renew.>', 'lost.>'] : ['renew.>']
      return testToken({ ttlSeconds: asked === 1 ? 4 : 600, subscribe })
    }
    const client = new Centrifuge(address(hub), { getToken })
    const lost = client.newSubscription('lost.>')
    const ended: number[] = []
    lost.on('unsubscribed', ({ code }) => ended.push(code))
    lost.subscribe()
    const { got } = await subscribed(client, 'renew.>')
    const disconnects: number[] = []
    client.on('connecting', ({ code }) => disconnects.push(code))
    await until(() => asked === 2 && ended.length === 1)
    await mesh.publish('renew.a', '1')
    await until(() => got.length === 1)
    assert.deepEqual(ended, [2000])
    assert.deepEqual(disconnects, [])
    client.disconnect()
  })

  test('that has expired is replaced by the client', async () => {
    let asked = 0
    const getToken = (): Promise<string> => testToken({ ttlSeconds: asked++ === 0 ? -10 : 600 })
    const { client } = await subscribed(new Centrifuge(address(hub), { getToken, minReconnectDelay: 50 }), 'late.>')
    assert.equal(asked, 2)
    client.disconnect()
  })

  test('that is none ends the connection for good', async () => {
    const client = new Centrifuge(address(hub), { token: 'nonsense' })
    const code = await new Promise((resolve) => {
      client.on('disconnected', ({ code }) => resolve(code))
      client.connect()
    })
    assert.equal(code, 3500)
  })
})

// The last one here, since nothing of the stream is left.
test('a stream that is made anew begins again by itself, and the client hears that something is missing', async () => {
  const { client, subscription, got } = await subscribed(await json(), 'reborn.>')
  const again: { wasRecovering: boolean; recovered: boolean }[] = []
  subscription.on('subscribed', ({ wasRecovering, recovered }) => again.push({ wasRecovering, recovered }))
  await mesh.publish('reborn.a', '1')
  await until(() => got.length === 1)
  await (await jetstreamManager(mesh.nc)).streams.delete(eventStream('main'))
  await provisionTenant(mesh.nc, 'main', defaultTenantSpec)
  await mesh.publish('reborn.a', '2')
  await until(() => again.length > 0 && got.length === 2)
  assert.deepEqual(again, [{ wasRecovering: true, recovered: false }])
  assert.deepEqual(
    got.map(({ data }) => data),
    [1, 2],
  )
  client.disconnect()
})

async function json(): Promise<Centrifuge> {
  return new Centrifuge(address(hub), { token: await testToken() })
}
