import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import type { Weir } from '@weir/client'
import { EventSchema, Step_Status } from '@weir/proto'
import { StepTimes } from './step-times.ts'

const { PROCESSING, COMPLETE, ERROR, IDLE } = Step_Status

test('a stage takes from its first work to its end, and the next attempt begins anew', () => {
  const times = new StepTimes()
  times.note('a', COMPLETE, 500)
  assert.equal(times.of('a'), undefined, 'nobody knows when it began')
  times.note('a', PROCESSING, 1_000)
  times.note('a', PROCESSING, 1_200)
  times.note('a', IDLE, 1_300)
  assert.deepEqual(times.of('a'), { fromMs: 1_000, toMs: undefined })
  times.note('a', ERROR, 2_000)
  times.note('a', COMPLETE, 9_000)
  assert.deepEqual(times.of('a'), { fromMs: 1_000, toMs: 2_000 })
  times.note('a', PROCESSING, 3_000)
  assert.deepEqual(times.of('a'), { fromMs: 3_000, toMs: undefined })
  times.keep((subject) => subject !== 'a')
  assert.equal(times.of('a'), undefined)
})

test('what is stored tells how long stages took before the page was open', async () => {
  const step = (subject: string, status: Step_Status, seconds: number) => ({
    subject,
    event: create(EventSchema, {
      time: { seconds: BigInt(seconds) },
      data: { case: 'step', value: { pipeline: 'run', name: subject, status } },
    }),
  })
  // The newest first, as they are asked for.
  const items = [step('b', PROCESSING, 7), step('a', COMPLETE, 5), step('a', PROCESSING, 2)]
  const weir = { history: () => Promise.resolve({ items }) } as unknown as Weir
  const times = new StepTimes()
  // What the bucket holds was read before.
  times.note('a', COMPLETE, 5_000)
  times.note('b', PROCESSING, 7_000)
  await times.readPast(weir, 'runs.*.*')
  assert.deepEqual(times.of('a'), { fromMs: 2_000, toMs: 5_000 })
  assert.deepEqual(times.of('b'), { fromMs: 7_000, toMs: undefined })
  const away = { history: () => Promise.reject(new Error('away')) } as unknown as Weir
  await times.readPast(away, 'runs.*.*')
})
