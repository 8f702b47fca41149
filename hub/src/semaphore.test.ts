import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Semaphore } from './semaphore.ts'

test('lets so many run at once, the rest in order, and gives back the place of one that failed', async () => {
  const semaphore = new Semaphore(3)
  const begun: number[] = []
  let running = 0
  let most = 0
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      semaphore.run(async () => {
        begun.push(index)
        most = Math.max(most, ++running)
        await new Promise(setImmediate)
        running--
        if (index % 4 === 0) throw new Error(String(index))
        return index
      }),
    ),
  )
  assert.equal(most, 3)
  assert.deepEqual(begun, [...begun.keys()])
  assert.equal(results.filter(({ status }) => status === 'rejected').length, 5)
})
