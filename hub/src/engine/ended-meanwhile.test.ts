import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Mode, Removal } from '@weir/proto'
import type { Receiver } from './delivery/receiver.ts'
import type { Subscriber } from './delivery/subscriber.ts'
import { MemoryBudget } from './log/memory-budget.ts'
import { Source } from './source.ts'

const event = new Uint8Array(20)

test('a receiver may end its subscription while it hears of a gap, and the others go on', async () => {
  const source = emptySource()
  const ended = connect(source, (kind, subscriber) => {
    if (kind === 'gap') source.unsubscribe(subscriber)
  })
  const other = connect(source)
  source.gap(0, 3)
  source.pass()
  source.entry('a', 4, event, Removal.UNSPECIFIED)
  source.pass()
  assert.deepEqual(ended.heard, ['subscribed', 'gap'])
  assert.deepEqual(other.heard, ['subscribed', 'gap', 'batch'])
  assert.equal(source.subscriberCount, 1)
})

test('so it may when the stream was made anew', () => {
  const source = emptySource()
  const ended = connect(source, (kind, subscriber) => {
    if (kind === 'subscribed') source.unsubscribe(subscriber)
  })
  source.begin(2)
  source.loaded(1, 1)
  source.pass()
  source.entry('a', 2, event, Removal.UNSPECIFIED)
  source.pass()
  assert.deepEqual(ended.heard, ['subscribed', 'subscribed', 'gap'])
  assert.equal(source.subscriberCount, 0)
  assert.equal(source.channelCount, 0)
})

test('so it may when a read of the stream finds that retention has dropped something', async () => {
  const source = emptySource()
  source.begin(1)
  source.loaded(9, 1)
  const ended = connect(
    source,
    (kind, subscriber) => {
      if (kind === 'gap') source.unsubscribe(subscriber)
    },
    2,
  )
  source.pass()
  await new Promise((resolve) => setImmediate(resolve))
  source.pass()
  assert.deepEqual(ended.heard, ['subscribed', 'gap'])
  assert.equal(source.subscriberCount, 0)
})

interface Connected extends Receiver {
  readonly heard: string[]
}

/** A receiver in mode ALL, which does something when it is notified after its first Subscribed. */
function connect(source: Source, onNotify?: (kind: string, subscriber: Subscriber) => void, seq?: number): Connected {
  const heard: string[] = []
  let subscriber: Subscriber | undefined
  const receiver: Connected = {
    heard,
    codec: { index: 0, binary: true, batch: (_head, _epoch, entries) => new Uint8Array(1 + entries.length) },
    chunkBytesMax: 1_000,
    hasCredit: true,
    take: () => heard.push('batch') > 0,
    notify: ({ case: kind = '' }) => {
      heard.push(kind)
      if (subscriber !== undefined) onNotify?.(kind, subscriber)
    },
  }
  const cursor = seq === undefined ? undefined : { epoch: 1, seq }
  subscriber = source.subscribe(receiver, {
    id: 1,
    filters: ['>'],
    mode: Mode.ALL,
    intervalMs: 0,
    gatherMs: 0,
    copy: 0,
    cursor,
  })
  return receiver
}

/** A source whose stream has lost everything up to 5. */
function emptySource(): Source {
  const source = new Source({
    name: 'events',
    bounds: {
      tenant: 'main',
      budget: new MemoryBudget({ ringBytesMax: 1e6, keptBytesMax: 1e6 }),
      ringBytesMax: 1e6,
      subjectsMax: 100,
      tombstonesMax: 10,
      tombstoneMs: 1e9,
    },
    reader: {
      read: async ({ complete }) => ({ entries: [], to: complete, lostTo: 5 }),
      range: () => Promise.reject(new Error('nobody asks')),
    },
    hasRemovals: false,
    batchBytesMax: 1_000,
    nextChannel: () => 1,
    requestPass: () => undefined,
    now: () => 0,
    comparisons: () => 0,
    requestComparison: () => undefined,
    later: () => () => undefined,
    onReadFailed: (thrown) => assert.fail(String(thrown)),
  })
  source.begin(1)
  source.loaded(0, 1)
  return source
}
