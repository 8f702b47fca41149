import { Mode, Removal } from '@weir/proto'
import fc from 'fast-check'
import type { Wish } from './simulated-client.ts'
import type { Operation } from './simulated-world.ts'

const subjects = ['a.x', 'a.y', 'b.x', 'b.y', 'c']
const filterSets = [['>'], ['a.*'], ['*.x', 'c'], ['b.y'], ['nothing.>']]

const publish = fc.record({
  kind: fc.constant('publish' as const),
  subject: fc.constantFrom(...subjects),
  count: fc.integer({ min: 1, max: 40 }),
  bytes: fc.constantFrom(10, 200, 3000),
  removal: fc.constantFrom(
    Removal.UNSPECIFIED,
    Removal.UNSPECIFIED,
    Removal.UNSPECIFIED,
    Removal.UNSPECIFIED,
    Removal.DELETED,
    Removal.EXPIRED,
  ),
})
const client = fc.nat({ max: 3 })
/** Anything that may happen to a source and its clients. */
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: publish },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(5, 10, 50, 500) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('beat' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ack' as const), client }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), fails: fc.constantFrom(false, false, true) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('block' as const), client, blocked: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reconnect' as const), client, resume: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('gap' as const),
      subject: fc.constantFrom(...subjects),
      size: fc.integer({ min: 1, max: 5 }),
      times: fc.constantFrom(1, 1, 1, 150),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('retention' as const), keep: fc.integer({ min: 0, max: 60 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reload' as const), client, resume: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('markersGo' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('setBack' as const), by: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('epoch' as const), client, resume: fc.boolean() }) },
)
/** What a client may ask of a source. */
export const wish: fc.Arbitrary<Wish> = fc.record({
  filters: fc.constantFrom(...filterSets),
  mode: fc.constantFrom(Mode.ALL, Mode.LATEST),
  intervalMs: fc.constantFrom(0, 0, 100),
  gatherMs: fc.constantFrom(0, 0, 20),
  window: fc.constantFrom(0, 2_000, 40_000),
})
