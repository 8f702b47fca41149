import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { cursorToWire, type ServerFrame, Start, SubscribedSchema } from '@weir/proto'
import type { Receiver } from './delivery/receiver.ts'
import { ShardedSubscription } from './sharded-subscription.ts'

const text = new TextEncoder()

test('a batch needs credit for the positions that are added to it', () => {
  const taken: string[] = []
  let credit = 0
  const receiver: Receiver = {
    codec: {
      index: 0,
      binary: false,
      batch: () => new Uint8Array(0),
      addPositions: (batch, further) => text.encode(`${new TextDecoder().decode(batch)}_${further}`),
    },
    chunkBytesMax: 1_000,
    hasCredit: true,
    take: (bytes) => bytes.length <= credit && taken.push(new TextDecoder().decode(bytes)) > 0,
    notify: () => undefined,
  }
  const whole = new ShardedSubscription(receiver, 1, 2, { opened: () => undefined, beginAgain: () => undefined })
  const [one, other] = [whole.addPart(), whole.addPart()]
  one.notify(subscribed(1, 10, 5))
  assert.equal(one.take(text.encode('batch'), 1), false, 'the other part has not begun')
  other.notify(subscribed(2, 11, 7))
  credit = 'batch'.length
  assert.equal(one.take(text.encode('batch'), 1), false)
  credit = 'batch_b-7'.length
  assert.equal(one.take(text.encode('batch'), 1), true)
  assert.deepEqual(taken, ['batch_b-7'])
})

function subscribed(channel: number, epoch: number, seq: number): ServerFrame['frame'] {
  const cursor = cursorToWire({ epoch, seq })
  return { case: 'subscribed', value: create(SubscribedSchema, { id: 1, channel, cursor, start: Start.HEAD }) }
}
