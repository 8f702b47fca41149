import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import fc from 'fast-check'
import { FairShare, type Sharer } from './fair-share.ts'

/** Works that run until they are told to end, in the order in which they began. */
function works(share: FairShare) {
  const running: { readonly who: string; readonly end: () => void }[] = []
  const begin = (tenant: string, subject: string): Promise<void> => {
    const work = () => new Promise<void>((end) => void running.push({ who: `${tenant}/${subject}`, end }))
    const begun = share.use({ tenant, subject }, work)
    // What waits at the end of a test is refused behind it.
    begun.catch(() => undefined)
    return begun
  }
  return { running, begin, who: () => running.map(({ who }) => who) }
}

test('a token has half, a tenant leaves one, and another tenant begins at once', async () => {
  const { begin, who } = works(new FairShare({ atOnceMax: 4, waitingMax: 10, waitMs: 500 }))
  for (let at = 0; at < 5; at++) void begin('a', 'greedy')
  await soon()
  assert.deepEqual(who(), ['a/greedy', 'a/greedy'])
  for (let at = 0; at < 3; at++) void begin('a', 'second')
  await soon()
  assert.deepEqual(who(), ['a/greedy', 'a/greedy', 'a/second'])
  void begin('b', 'other')
  await soon()
  assert.deepEqual(who().at(-1), 'b/other')
})

test('where there is one alone, tenants and tokens take turns', async () => {
  const { begin, running, who } = works(new FairShare({ atOnceMax: 1, waitingMax: 10, waitMs: 500 }))
  for (let at = 0; at < 4; at++) void begin('a', 'greedy')
  void begin('a', 'second')
  void begin('b', 'other')
  for (let at = 0; at < 6; at++) {
    await soon()
    running[at]?.end()
  }
  assert.deepEqual(who(), ['a/greedy', 'a/greedy', 'b/other', 'a/second', 'a/greedy', 'a/greedy'])
})

test('too much of one token is refused, of that token alone', async () => {
  const { begin } = works(new FairShare({ atOnceMax: 1, waitingMax: 2, waitMs: 500 }))
  for (let at = 0; at < 3; at++) void begin('a', 'greedy')
  await assert.rejects(begin('a', 'greedy'), { code: 'rate_limited' })
  void begin('a', 'second')
})

test('what waits for too long is refused, and its place is free again', async () => {
  const share = new FairShare({ atOnceMax: 1, waitingMax: 1, waitMs: 20 })
  const { begin, running, who } = works(share)
  void begin('a', 'greedy')
  await assert.rejects(begin('a', 'greedy'), { code: 'overloaded' })
  assert.equal(share.size, 1)
  const next = begin('b', 'other')
  running[0]?.end()
  await soon()
  assert.deepEqual(who(), ['a/greedy', 'b/other'])
  running[1]?.end()
  await next
})

test('everything runs in the end or is told that it does not, never more at once than may, and nothing is kept', async () => {
  const who = fc.record({ tenant: fc.constantFrom('a', 'b'), subject: fc.constantFrom('x', 'y') })
  const asked = fc.array(fc.record({ who, turns: fc.nat(3), fails: fc.boolean() }), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(
      asked,
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom(1, 500),
      async (asked, atOnceMax, waitMs) => {
        const share = new FairShare({ atOnceMax, waitingMax: 100, waitMs })
        let [running, done] = [0, 0]
        const work = async (turns: number, fails: boolean): Promise<void> => {
          assert.ok(++running <= atOnceMax)
          for (let turn = 0; turn < turns; turn++) await soon()
          running--
          done++
          if (fails) throw new Error('as it should')
        }
        const each = ({ who, turns, fails }: { who: Sharer; turns: number; fails: boolean }) =>
          share.use(who, () => work(turns, fails))
        const results = await Promise.allSettled(asked.map(each))
        const late = results.filter((one) => one.status === 'rejected' && one.reason.code === 'overloaded').length
        assert.deepEqual([done + late, running, share.size], [asked.length, 0, 0])
        if (waitMs > 1) assert.equal(late, 0)
      },
    ),
  )
})
