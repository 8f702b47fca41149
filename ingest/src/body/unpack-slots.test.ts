import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { UnpackSlots } from './unpack-slots.ts'

test('no more than the slots run at one time, senders take turns, and a failure frees its slot', async () => {
  const slots = new UnpackSlots(2)
  const done: string[] = []
  let running = 0
  let most = 0
  const run = (sender: object, name: string): Promise<void> =>
    slots
      .run(sender, async () => {
        most = Math.max(most, ++running)
        await turn()
        running--
        done.push(name)
        if (name === 'a2') throw new Error('No.')
      })
      .catch(() => undefined)
  const [a, b] = [{}, {}]
  const many = Array.from({ length: 6 }, (_, at) => run(a, `a${at}`))
  await Promise.all([...many, run(b, 'b0'), run(b, 'b1')])
  assert.equal(most, 2)
  assert.deepEqual(done, ['a0', 'a1', 'a2', 'b0', 'a3', 'b1', 'a4', 'a5'])
  await run(b, 'later')
  assert.equal(done.at(-1), 'later')
})
