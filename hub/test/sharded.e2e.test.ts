import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { defaultTenantSpec, eventSubject, jetstreamManager, provisionTenant, shardName, shardOf } from '@weir/mesh'
import {
  type Cursor,
  cursorField,
  cursorFromWire,
  EventSchema,
  joinCursors,
  Mode,
  Start,
  type Subscribed,
} from '@weir/proto'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { TestClient, type TestClientOptions } from './test-client.ts'

const tenant = 'wide'
const shards = [0, 1, 2].map((index) => shardName(tenant, index))

describe('a sharded tenant', () => {
  let mesh: TestMesh
  let hub: TestHub
  let token: string

  before(async () => {
    mesh = await TestMesh.start()
    await provisionTenant(mesh.nc, tenant, { ...defaultTenantSpec, shards: 3 })
    hub = await mesh.startHub()
    token = await testToken({ tenant })
  })

  after(() => mesh.stop())

  for (const protocol of ['weir.v1', 'weir.v1.json'] as const) {
    test(`by ${protocol}, a subscription has a channel a stream, and goes on at its positions`, async () => {
      const root = protocol === 'weir.v1' ? 'wire' : 'json'
      const client = await open({ protocol })
      client.subscribe({ filters: [`${root}.>`] })
      const begun = await client.next('subscribed')
      assert.deepEqual([begun.channel, begun.cursor, begun.start], [0, undefined, Start.HEAD])
      assert.equal(new Set(begun.shards?.shards.map(({ channel }) => channel)).size, 3)
      await publish(root, 0, 30)
      await client.until(() => client.entries.length === 30)
      assert.deepEqual([...client.entries].sort(), numbered(root, 0, 30))
      const position = positionOf(client, begun)
      client.close()
      await publish(root, 30, 60)

      const again = await open({ protocol })
      again.subscribe({ filters: [`${root}.>`], ...cursorField(position) })
      assert.equal((await again.next('subscribed')).start, Start.MEMORY)
      await again.until(() => again.entries.length === 30)
      assert.deepEqual([...again.entries].sort(), numbered(root, 30, 60))
      assert.ok(!again.frames.some((frame) => frame.case === 'gap'))
      again.close()
    })
  }

  test('subjects that lie in one stream are read as of any tenant, also at the cursor of several', async () => {
    await publish('one', 0, 3)
    const client = await open()
    client.subscribe({ id: 1, filters: ['one.>'], mode: Mode.LATEST })
    const whole = await client.next('subscribed')
    await client.until(() => client.entries.length === 3)
    const position = positionOf(client, whole)
    await publish('one', 0, 3)
    await client.until(() => client.entries.length === 6)
    client.frames.length = 0
    client.subscribe({ id: 2, filters: ['one.s1'], ...cursorField(position) })
    const begun = await client.next('subscribed')
    assert.deepEqual([begun.start, begun.shards], [Start.MEMORY, undefined])
    await client.until(() => client.entries.length === 1)
    assert.deepEqual(client.entries, ['one.s1=1'])
    client.close()
  })

  test('a cursor that lacks a stream is told as a gap, not passed over', async () => {
    const client = await open()
    client.subscribe({ filters: ['gap.>'], cursor: { $typeName: 'weir.v1.Cursor', epoch: 1n, seq: 1n } })
    await client.next('subscribed')
    await client.until(() => client.frames.filter((frame) => frame.case === 'gap').length === 3)
    client.close()
  })

  test('a client without credit is sent nothing of any stream, and then all of it', async () => {
    const client = await open({ windowBytes: 16_384, acknowledges: false })
    client.subscribe({ filters: ['slow.>'] })
    await client.next('subscribed')
    await publish('slow', 0, 300, 'x'.repeat(500))
    await client.until(() => client.entries.length > 10)
    client.acknowledgeAll()
    await client.until(() => client.entries.length === 300)
    assert.equal(new Set(client.entries).size, 300)
    client.close()
  })

  test('one stream that is made anew begins a snapshot of all, once', async () => {
    await publish('anew', 0, 30)
    const client = await open()
    client.subscribe({ filters: ['anew.>'], mode: Mode.LATEST })
    assert.equal((await client.next('subscribed')).start, Start.SNAPSHOT)
    await client.until(() => client.entries.length === 30)
    client.frames.length = 0
    const manager = await jetstreamManager(mesh.nc)
    await manager.streams.delete(`EV_${shards[1]}`)
    await provisionTenant(mesh.nc, tenant, { ...defaultTenantSpec, shards: 3 })
    assert.equal((await client.next('subscribed')).start, Start.SNAPSHOT)
    const left = numbered('anew', 0, 30).filter((entry) => shardOf(shards, entry.split('=')[0] as string) !== shards[1])
    await client.until(() => client.entries.length === left.length)
    assert.deepEqual([...client.entries].sort(), left)
    assert.ok(!client.frames.some((frame) => frame.case === 'subscribed'))
    client.close()
  })

  test('by server-sent events, each id has the positions of all streams', async () => {
    const cursor = await readEvents(undefined, 0)
    await publish('sse', 0, 30)
    const first = await readEvents(cursor.last, 17)
    const second = await readEvents(first.last, 13)
    assert.deepEqual([...first.entries, ...second.entries].sort(), numbered('sse', 0, 30))
  })

  function open(options: TestClientOptions = {}): Promise<TestClient> {
    return TestClient.open(hub.url, { token, ...options })
  }

  /** Events of subjects of their own, numbered. */
  async function publish(root: string, from: number, to: number, padding = ''): Promise<void> {
    const stored = []
    for (let at = from; at < to; at++) {
      const subject = `${root}.s${at}`
      const event = create(EventSchema, { id: `${at}`, data: { case: 'json', value: JSON.stringify(padding) } })
      if (padding === '') event.data = { case: 'json', value: String(at) }
      const id = `${subject}-${Math.random()}`
      stored.push(
        mesh.publisher.publishTo(eventSubject(shardOf(shards, subject), subject), id, toBinary(EventSchema, event)),
      )
    }
    await Promise.all(stored)
  }

  /** Reads so many events, or until the first id without any, and closes the stream. */
  async function readEvents(from: string | undefined, count: number): Promise<{ entries: string[]; last: string }> {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` }
    if (from !== undefined) headers['last-event-id'] = from
    const url = `${hub.httpUrl}/v1/sse?filter=sse.>&mode=all`
    const response = await fetch(url, { headers })
    const entries: string[] = []
    let last = ''
    let text = ''
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += new TextDecoder().decode(part)
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        last = lines.find((line) => line.startsWith('id: '))?.slice(4) ?? last
        const data = lines.find((line) => line.startsWith('data: '))
        if (data !== undefined) {
          const { subject, event } = JSON.parse(data.slice(6)) as { subject: string; event: { data: number } }
          entries.push(`${subject}=${event.data}`)
        }
        // Leaving the loop closes the connection.
        if (last !== '' && entries.length === count) return { entries, last }
      }
    }
    throw new Error('the stream ended')
  }
})

function numbered(root: string, from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => `${root}.s${from + at}=${from + at}`).sort()
}

/** Where the client stands in each stream. */
function positionOf(client: TestClient, { shards: begun }: Subscribed): Cursor | undefined {
  const positions = begun?.shards.map(({ channel, cursor }) => {
    const { epoch, seq } = cursorFromWire(cursor as NonNullable<typeof cursor>)
    const last = client.batches.filter((batch) => batch.channel === channel).at(-1)
    return { epoch, seq: last === undefined ? seq : Number(last.to) }
  })
  return joinCursors(positions ?? [])
}
