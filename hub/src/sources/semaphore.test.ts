import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Semaphore } from './semaphore.ts'

const [group, owner] = ['group', {}]

test('lets so many run at once, the rest in order, and gives back the place of one that failed', async () => {
  const semaphore = new Semaphore(4)
  const begun: number[] = []
  let running = 0
  let most = 0
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      semaphore.run(group, owner, async () => {
        begun.push(index)
        most = Math.max(most, ++running)
        await new Promise(setImmediate)
        running--
        if (index % 4 === 0) throw new Error(String(index))
        return index
      }),
    ),
  )
  assert.equal(most, 3, 'one place is never of one group alone')
  assert.deepEqual(begun, [...begun.keys()])
  assert.equal(results.filter(({ status }) => status === 'rejected').length, 5)
})

test('owners take turns, however many tasks one of them has', async () => {
  const semaphore = new Semaphore(1)
  const begun: string[] = []
  const run = (name: string, by: object): Promise<void> =>
    semaphore.run(group, by, async () => {
      begun.push(name)
      await new Promise(setImmediate)
    })
  const greedy = {}
  const all = Array.from({ length: 5 }, (_, index) => run(`greedy ${index}`, greedy))
  all.push(run('modest', {}))
  await Promise.all(all)
  assert.deepEqual(begun.slice(0, 3), ['greedy 0', 'greedy 1', 'modest'])
})

test('groups take turns, whatever their owners have, and none has all the places', async () => {
  const semaphore = new Semaphore(3)
  const begun: string[] = []
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const run = (name: string, group: string): Promise<void> =>
    semaphore.run(group, {}, async () => {
      begun.push(name)
      await held
    })
  const all = Array.from({ length: 9 }, (_, index) => run(`greedy ${index}`, 'greedy'))
  all.push(run('modest', 'modest'))
  await new Promise(setImmediate)
  assert.deepEqual(begun, ['greedy 0', 'greedy 1', 'modest'])
  all.push(run('late', 'late'))
  release()
  await Promise.all(all)
  assert.ok(begun.indexOf('late') < 6, begun.join())
})
