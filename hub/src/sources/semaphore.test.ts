import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Semaphore } from './semaphore.ts'

const owner = {}

test('lets so many run at once, the rest in order, and gives back the place of one that failed', async () => {
  const semaphore = new Semaphore(3)
  const begun: number[] = []
  let running = 0
  let most = 0
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      semaphore.run(owner, async () => {
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

test('owners take turns, however many tasks one of them has', async () => {
  const semaphore = new Semaphore(1)
  const begun: string[] = []
  const run = (name: string, by: object): Promise<void> =>
    semaphore.run(by, async () => {
      begun.push(name)
      await new Promise(setImmediate)
    })
  const greedy = {}
  const all = Array.from({ length: 5 }, (_, index) => run(`greedy ${index}`, greedy))
  all.push(run('modest', {}))
  await Promise.all(all)
  assert.deepEqual(begun.slice(0, 3), ['greedy 0', 'greedy 1', 'modest'])
})
