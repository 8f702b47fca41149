import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type FakeClock, settle } from '../../test/fake-clock.ts'
import type { FakeHub } from '../../test/fake-hub.ts'
import { ModelHub } from '../../test/model-hub.ts'
import { testTabs, testWeir } from '../../test/weir.ts'
import type { Subscription } from '../subscription/subscription.ts'
import type { Weir } from '../weir.ts'

// Whatever a hub and the network do, and however an application reads: a client in mode LATEST ends
// with what the log ends with, and one in mode ALL has had every entry once and in order, or was
// told of a gap.

// A few batches fill it, so that the hub holds back and subscriptions are set aside.
const windowBytes = 120

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('append' as const), subject: fc.nat(4), removed: fc.boolean() }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), entries: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('read' as const), who: fc.nat(1), items: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('break' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('renew' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), count: fc.nat(6) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(200, 1000, 5000) }) },
)

test('whatever happens, clients converge and lose nothing in silence', () =>
  converges(() => {
    const { hub, clock, weir } = testWeir({}, () => 0.5)
    return { hub, clock, weirs: [weir, weir] }
  }))

test('so do clients in two tabs that share a socket', () =>
  converges(() => {
    const { hub, clock, tabs } = testTabs([{}, {}], () => 0.5)
    return { hub, clock, weirs: tabs.map(({ weir }) => weir) }
  }))

interface SetUp {
  readonly hub: FakeHub
  readonly clock: FakeClock
  /** Of the application in mode LATEST, and of the one in mode ALL. */
  readonly weirs: readonly Weir[]
}

async function converges(begin: () => SetUp): Promise<void> {
  let setAside = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async (steps) => {
      const setUp = begin()
      const [first, second] = setUp.weirs as [Weir, Weir]
      const model = new ModelHub(setUp.hub, windowBytes)
      const latest = new Follower(first.subscribe({ mode: 'LATEST' }))
      const all = new Follower(second.subscribe({ mode: 'ALL' }))
      const followers = [latest, all]
      await settle()
      await model.listen()
      all.begins(model)
      for (const one of steps) {
        switch (one.do) {
          case 'append':
            model.append(`s${one.subject}`, one.removed)
            break
          case 'send':
            await model.send(one.entries)
            break
          case 'read':
            await followers[one.who]?.read(one.items)
            break
          case 'break':
            await model.breakDown()
            break
          case 'renew':
            await model.renew()
            break
          case 'forget':
            forget(model, one.count)
            break
          case 'wait':
            await setUp.clock.advance(one.ms)
        }
        await model.listen()
        assert.ok(model.inFlightBytes >= 0, 'more was acknowledged than was sent')
      }
      await finish(setUp, model, followers)
      assert.deepEqual(latest.map, mapOf(model))
      all.assertComplete(model)
      setAside += model.withdrawn
      for (const weir of setUp.weirs) weir.close()
      assert.equal(setUp.clock.waiting, 0)
    }),
    { numRuns: 300 },
  )
  assert.ok(setAside > 10, `${setAside} subscriptions were set aside: the schedules have lost their balance`)
}

/** One application: reads when it is told, and keeps what it has learnt. */
class Follower {
  readonly #subscription: Subscription
  readonly map: Map<string, number> = new Map()
  #pending: Promise<void> | undefined
  #budget = 0
  /** Mode ALL: the last sequence that it has had or was told of, in the present epoch. */
  #upTo = 0
  #fault: string | undefined

  constructor(subscription: Subscription) {
    this.#subscription = subscription
  }

  begins(model: ModelHub): void {
    this.#upTo = model.head
  }

  /** Takes so many items, as far as they are there; a read that waits is left waiting. */
  async read(items: number): Promise<void> {
    this.#budget += items
    this.#pending ??= this.#run().finally(() => {
      this.#pending = undefined
    })
    await settle()
  }

  async #run(): Promise<void> {
    while (this.#budget-- > 0) {
      const { value } = await this.#subscription.next()
      if (value === undefined) return
      switch (value.type) {
        case 'reset':
          this.map.clear()
          break
        case 'entry':
          this.map.set(value.subject, value.seq)
          this.#follow(value.seq)
          assert.equal(value.event.id, String(value.seq))
          break
        case 'removed':
          this.map.delete(value.subject)
          this.#follow(value.seq)
          break
        case 'gap':
          this.#upTo = value.to
          break
        case 'state':
      }
    }
    this.#budget = 0
  }

  #follow(seq: number): void {
    if (seq !== this.#upTo + 1) this.#fault ??= `${seq} came after ${this.#upTo}`
    this.#upTo = seq
  }

  assertComplete(model: ModelHub): void {
    assert.equal(this.#fault, undefined)
    assert.equal(this.#upTo, model.head)
  }
}

/** Lets everything run to its end: all connected, all sent, all read. */
async function finish({ clock }: SetUp, model: ModelHub, followers: readonly Follower[]): Promise<void> {
  model.append('last', false)
  for (let round = 0; round < 40; round++) {
    await clock.advance(1000)
    await model.listen()
    await model.send(1000)
    for (const follower of followers) await follower.read(1000)
    await model.listen()
  }
}

/**
 * Retention takes the oldest entries; what it takes of a subject's last state is removed first, as
 * a TTL would do it.
 */
function forget(model: ModelHub, count: number): void {
  const gone = new Set(model.log.slice(0, count).map(({ subject }) => subject))
  const kept = new Set(model.log.slice(count).map(({ subject }) => subject))
  for (const subject of gone) if (!kept.has(subject)) model.append(subject, true)
  model.forget(count)
}

function mapOf(model: ModelHub): Map<string, number> {
  const map = new Map<string, number>()
  for (const { seq, subject, removed } of model.log) {
    if (removed) map.delete(subject)
    else map.set(subject, seq)
  }
  return map
}
