import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '@weir/mesh'
import { KeptPositions } from '../../test/kept-positions.ts'
import { wholePartition } from '../event/partition.ts'
import type { LogMessage } from '../log/source-log.ts'
import { Progress } from './progress.ts'
import type { Projection } from './projection.ts'

const source = { epoch: 1 } as Parameters<Progress['resume']>[0]
const targetEpoch = 1

function progress(): { progress: Progress; positions: KeptPositions; flush: () => void } {
  const positions = new KeptPositions()
  let flush = (): void => undefined
  const flushed = (): Promise<void> => new Promise((resolve) => (flush = resolve))
  const made = new Progress({
    tenant: 'main',
    name: 'p',
    projection: { effects: { flushed } } as Projection,
    positions,
    partition: wholePartition,
    declaration: 'one',
    log: createLogger('test', 'fatal'),
  })
  return { progress: made, positions, flush: () => flush() }
}

function message(seq: number): LogMessage {
  return { seq, storedAtMs: seq } as LogMessage
}

test('a position is stored once the effects are, and is where the next start goes on', async () => {
  const { progress: one, positions, flush } = progress()
  assert.equal(await one.resume(source, targetEpoch), true)
  for (let seq = 1; seq <= 10; seq++) one.took(message(seq))
  const stored = one.store()
  assert.equal(one.stored.seq, 0)
  one.took(message(11))
  flush()
  await stored
  assert.equal(one.stored.seq, 10)
  assert.deepEqual(
    positions.all.map(({ position }) => position.seq),
    [10],
  )
})

test('what was under way when a rebuild began does not count as how far that has come', async () => {
  const { progress: one, positions, flush } = progress()
  await one.resume(source, targetEpoch)
  for (let seq = 1; seq <= 10; seq++) one.took(message(seq))
  const stored = one.store()
  await one.restart(source, targetEpoch)
  for (let seq = 1; seq <= 20; seq++) one.took(message(seq))
  flush()
  await stored
  assert.deepEqual([one.stored.seq, positions.all.length], [0, 0])
})
