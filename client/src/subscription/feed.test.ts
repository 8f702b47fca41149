import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import {
  type Batch,
  BatchSchema,
  type Cursor,
  formatCursor,
  type Gap,
  GapSchema,
  Mode,
  Start,
  type Subscribed,
  SubscribedSchema,
} from '@weir/proto'
import { batchFrame } from '../../test/fake-hub.ts'
import { protobufCodec } from '../session/protobuf-codec.ts'
import { Feed } from './feed.ts'

test('1: a batch is expected only where the last frame ended', () => {
  const feed = newFeed()
  assert.ok(!feed.expects(batch(0, 5)))
  feed.subscribed(subscribed(Start.HEAD, 1, 5))
  assert.ok(!feed.expects(batch(4, 6)))
  assert.ok(!feed.expects(batch(6, 7)))
  assert.ok(feed.expects(batch(5, 9)))
  take(feed, batch(5, 9))
  assert.ok(!feed.expects(batch(5, 9)))
  assert.ok(feed.expects(batch(9, 10)))
})

test('1: a batch in which something is left out is not for a feed of every entry', () => {
  const all = newFeed(Mode.ALL)
  const latest = newFeed(Mode.LATEST)
  for (const feed of [all, latest]) feed.subscribed(subscribed(Start.HEAD, 1, 0))
  assert.ok(latest.expects(batch(0, 5, { 5: 'a' }, 2)))
  assert.ok(!all.expects(batch(0, 5, { 5: 'a' }, 2)))
  assert.ok(all.expects(batch(0, 5, { 5: 'a' })))
})

test('1: a batch of a bucket that cannot tell what was superseded is a gap and its entries for a feed of every entry', async () => {
  const all = newFeed(Mode.ALL)
  all.subscribed(subscribed(Start.STREAM, 1, 0))
  const thin = { ...batch(0, 5, { 3: 'a', 5: 'b' }), uncounted: true }
  assert.ok(all.expects(thin))
  take(all, thin)
  all.inbox.finish(undefined)
  assert.deepEqual(await drain(all), ['gap 0-5 superseded', 'entry 3', 'entry 5'])
})

test('2: another epoch is a gap, told once', async () => {
  const feed = newFeed(Mode.ALL, { epoch: 1, seq: 40 })
  feed.restart(1)
  assert.ok(feed.subscribed(subscribed(Start.MEMORY, 2, 0)))
  assert.ok(feed.gap(gap(40, 0, 'epoch')))
  take(feed, batch(0, 1, { 1: 'a' }))
  feed.inbox.finish(undefined)
  assert.deepEqual(await drain(feed), ['gap 40-0 epoch', 'entry 1'])
})

test('2: a hub that goes on further is a gap, said or not', async () => {
  const feed = newFeed(Mode.ALL, { epoch: 1, seq: 40 })
  feed.restart(1)
  assert.ok(feed.subscribed(subscribed(Start.STREAM, 1, 45)))
  assert.ok(feed.gap(gap(45, 50, 'retention')))
  take(feed, batch(50, 51, { 51: 'a' }))
  feed.inbox.finish(undefined)
  assert.deepEqual(await drain(feed), ['gap 40-45 unannounced', 'gap 45-50 retention', 'entry 51'])
})

test('2: a hub that begins before the position cannot be followed: entries would come twice', () => {
  const feed = newFeed(Mode.ALL, { epoch: 1, seq: 40 })
  feed.restart(1)
  assert.equal(feed.subscribed(subscribed(Start.MEMORY, 1, 39)), false)
})

test('2: a gap that overlaps what is known adds only what is new', async () => {
  const feed = newFeed(Mode.ALL)
  feed.subscribed(subscribed(Start.HEAD, 1, 5))
  assert.ok(feed.gap(gap(3, 5, 'retention')))
  assert.ok(feed.gap(gap(3, 6, 'retention')))
  assert.ok(feed.expects(batch(6, 7)))
  feed.inbox.finish(undefined)
  assert.deepEqual(await drain(feed), ['gap 3-6 retention'])
})

test('2: Subscribed without a cursor cannot be followed', () => {
  assert.equal(newFeed().subscribed(create(SubscribedSchema, { id: 1, channel: 1, start: Start.HEAD })), false)
})

test('2: a gap that begins past the last frame cannot be followed', () => {
  const feed = newFeed()
  assert.equal(feed.gap(gap(0, 5, 'retention')), false)
  feed.subscribed(subscribed(Start.HEAD, 1, 5))
  assert.equal(feed.gap(gap(6, 9, 'retention')), false)
})

test('2: a snapshot is a reset, and what was not read before it is obsolete', async () => {
  const feed = newFeed()
  feed.subscribed(subscribed(Start.HEAD, 1, 5))
  take(feed, batch(5, 6, { 6: 'a' }))
  feed.subscribed(subscribed(Start.SNAPSHOT, 2, 0))
  take(feed, batch(0, 3, { 3: '-b' }))
  feed.inbox.finish(undefined)
  assert.deepEqual(await drain(feed), ['reset', 'removed 3 expired'])
  assert.deepEqual(feed.inbox.position, { epoch: 2, seq: 3 })
})

test('3: a restart begins at the position of the application', async () => {
  const feed = newFeed()
  assert.equal(feed.restart(1).cursor, undefined)
  feed.subscribed(subscribed(Start.HEAD, 7, 5))
  take(feed, batch(5, 9, { 6: 'a', 8: 'a' }))
  await feed.inbox.next()
  const subscribe = feed.restart(2)
  assert.deepEqual([subscribe.id, subscribe.cursor?.epoch, subscribe.cursor?.seq], [2, 7n, 6n])
  assert.ok(!feed.expects(batch(9, 10)))
  assert.ok(feed.subscribed(subscribed(Start.MEMORY, 7, 6)))
  take(feed, batch(6, 9, { 8: 'a' }))
  feed.inbox.finish(undefined)
  assert.deepEqual(await drain(feed), ['entry 8'])
})

test('3: a subscription of which nothing was read goes on where it began', () => {
  const feed = newFeed(Mode.ALL)
  feed.restart(1)
  feed.subscribed(subscribed(Start.HEAD, 7, 5))
  assert.equal(feed.restart(2).cursor?.seq, 5n)
})

test('3: a snapshot of which nothing was read begins again', async () => {
  const feed = newFeed()
  feed.restart(1)
  feed.subscribed(subscribed(Start.SNAPSHOT, 7, 0))
  assert.equal(feed.restart(2).cursor, undefined)
  feed.subscribed(subscribed(Start.SNAPSHOT, 7, 0))
  assert.equal((await feed.inbox.next()).value?.type, 'reset')
  assert.deepEqual(feed.restart(3).cursor?.seq, 0n)
})

test('a feed of several streams goes on in each where the application is', async () => {
  const feed = newFeed(Mode.ALL)
  feed.restart(1)
  assert.ok(feed.subscribed(sharded(Start.HEAD, { 1: [7, 5], 2: [8, 50] })))
  assert.deepEqual(feed.channels, [1, 2])
  take(feed, batch(5, 9, { 6: 'a', 8: 'a' }))
  take(feed, { ...batch(50, 60, { 55: 'b' }), channel: 2 })
  assert.ok(!feed.expects(batch(50, 61)))
  assert.ok(!feed.expects({ ...batch(9, 61), channel: 2 }))
  await feed.inbox.next()
  assert.equal(formatCursor(feed.inbox.position as Cursor), '7-6_8-1e')
  await feed.inbox.next()
  const { value } = await feed.inbox.next()
  assert.equal(value?.type === 'entry' && value.cursor, '8-1j_7-9')
  assert.equal(formatCursor(feed.inbox.position as Cursor), '8-1o_7-9')
  const { cursor, cursors } = feed.restart(2)
  assert.equal(cursor, undefined)
  assert.deepEqual(
    cursors?.cursors.map(({ epoch, seq }) => [epoch, seq]),
    [
      [8n, 60n],
      [7n, 9n],
    ],
  )
})

test('of several streams a gap is of one, and one that is another begins with a gap', async () => {
  const feed = newFeed(Mode.ALL, { epoch: 7, seq: 5, further: [{ epoch: 8, seq: 50 }] })
  feed.restart(1)
  assert.ok(feed.subscribed(sharded(Start.MEMORY, { 1: [7, 5], 2: [9, 0] })))
  assert.ok(!feed.gap(gap(5, 6, 'retention')))
  assert.ok(feed.gap({ ...gap(5, 6, 'retention'), channel: 1 }))
  take(feed, { ...batch(0, 3, { 3: 'b' }), channel: 2 })
  feed.inbox.finish(undefined)
  assert.deepEqual(await drain(feed), ['gap 50-0 epoch', 'gap 5-6 retention', 'entry 3'])
  assert.equal(formatCursor(feed.inbox.position as Cursor), '9-3_7-6')
})

test('what was left out is counted', () => {
  const feed = newFeed()
  feed.subscribed(subscribed(Start.HEAD, 1, 0))
  take(feed, batch(0, 5, { 5: 'a' }, 3))
  take(feed, batch(5, 9, {}, 2))
  assert.equal(feed.conflated, 5)
})

function newFeed(mode: Mode = Mode.LATEST, cursor?: Cursor): Feed {
  return new Feed(
    { source: 'events', filters: ['>'], mode, intervalMs: 0, hiddenIntervalMs: 0, cursor },
    protobufCodec.decodeEvent,
    () => {},
  )
}

function subscribed(start: Start, epoch: number, seq: number): Subscribed {
  return create(SubscribedSchema, { id: 1, channel: 1, start, cursor: { epoch: BigInt(epoch), seq: BigInt(seq) } })
}

/** @param streams epoch and sequence by channel */
function sharded(start: Start, streams: Record<number, readonly [number, number]>): Subscribed {
  const shards = Object.entries(streams).map(([channel, [epoch, seq]]) => ({
    channel: Number(channel),
    cursor: { epoch: BigInt(epoch), seq: BigInt(seq) },
  }))
  return create(SubscribedSchema, { id: 1, start, shards: { shards } })
}

function gap(from: number, to: number, reason: string): Gap {
  return create(GapSchema, { id: 1, from: BigInt(from), to: BigInt(to), reason })
}

function batch(from: number, to: number, entries: Record<number, string> = {}, conflated = 0): Batch {
  const frame = batchFrame(1, from, to, entries, conflated)
  return create(BatchSchema, frame.case === 'batch' ? frame.value : {})
}

function take(feed: Feed, value: Batch): void {
  assert.ok(feed.expects(value))
  feed.batch(value, 10, () => {})
}

/** What is there, until the end. */
async function drain(feed: Feed): Promise<string[]> {
  const seen: string[] = []
  for (;;) {
    const { value } = await feed.inbox.next()
    if (value === undefined) return seen
    if (value.type === 'entry') seen.push(`entry ${value.seq}`)
    else if (value.type === 'removed') seen.push(`removed ${value.seq} ${value.reason}`)
    else if (value.type === 'gap') seen.push(`gap ${value.from}-${value.to} ${value.reason}`)
    else seen.push(value.type)
  }
}
