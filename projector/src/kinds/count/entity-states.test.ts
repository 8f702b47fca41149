import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../limits.ts'
import { type EntityEvent, EntityStates } from './entity-states.ts'

const ttlMs = 20_000
const nothing = (): void => undefined

function happened(entity: string, state: string, group: string, seq: number, timeMs: number, storedAtMs = timeMs) {
  return { entity, state, group, seq, timeMs, storedAtMs, epoch: 1 }
}

function countsOf(states: EntityStates, groups: readonly string[]): Record<string, Record<string, number>> {
  const shown = groups.map((key) => [key, Object.fromEntries(states.group(key)?.counts ?? [])] as const)
  return Object.fromEntries(shown.filter(([, counts]) => Object.keys(counts).length > 0))
}

test('an entity is in the state of its newest event, in its group alone, and one that is gone in none', () => {
  const states = new EntityStates(ttlMs, 10, nothing)
  states.take(happened('o1', 'pending', 'north', 1, 1_000))
  states.take(happened('o2', 'pending', 'north', 2, 1_000))
  assert.deepEqual(countsOf(states, ['north']), { north: { pending: 2 } })
  states.take(happened('o1', 'cooking', 'south', 3, 2_000))
  assert.deepEqual(countsOf(states, ['north', 'south']), { north: { pending: 1 }, south: { cooking: 1 } })
  states.take(happened('o2', '', 'north', 4, 3_000))
  assert.deepEqual(countsOf(states, ['north', 'south']), { south: { cooking: 1 } })
})

test('an event that comes late changes nothing, not even of an entity that is gone', () => {
  const states = new EntityStates(ttlMs, 10, nothing)
  states.take(happened('o1', 'done', 'g', 1, 5_000))
  assert.equal(states.take(happened('o1', 'pending', 'g', 2, 4_000, 6_000)), 'outdated')
  states.take(happened('o1', '', 'g', 3, 7_000))
  assert.equal(states.take(happened('o1', 'pending', 'g', 4, 6_000, 8_000)), 'outdated')
  assert.deepEqual(countsOf(states, ['g']), {})
})

test('an entity that is silent for the TTL is counted no more, and its key says so by a later stamp', () => {
  const changed: string[] = []
  const states = new EntityStates(ttlMs, 10, (key) => changed.push(key))
  states.take(happened('o1', 'pending', 'g', 1, 1_000))
  states.take(happened('o2', 'pending', 'g', 2, 9_000))
  changed.length = 0
  states.advance(20_999)
  assert.deepEqual(changed, [])
  states.advance(21_000)
  assert.deepEqual(changed, ['g'])
  assert.deepEqual(countsOf(states, ['g']), { g: { pending: 1 } })
  assert.deepEqual(states.group('g')?.stamp, { epoch: 1, seq: 2, atMs: 21_000 })
  assert.equal(states.take(happened('o1', 'pending', 'g', 3, 1_000, 22_000)), 'expired')
  states.advance(29_000)
  assert.equal(states.size, 0)
  assert.equal(states.group('g'), undefined)
})

test('entities past the bound are left out, and known ones go on', () => {
  const states = new EntityStates(ttlMs, 1, nothing)
  states.take(happened('o1', 'a', 'g', 1, 1_000))
  assert.equal(states.take(happened('o2', 'a', 'g', 2, 1_000)), 'full')
  assert.equal(states.take(happened('o1', 'b', 'g', 3, 2_000)), 'counted')
  assert.deepEqual(countsOf(states, ['g']), { g: { b: 1 } })
})

test('a state that would be taken for the sum of all is refused', () => {
  const states = new EntityStates(ttlMs, 10, nothing)
  assert.throws(() => states.take(happened('o1', 'total', 'g', 1, 1_000)), { code: 'invalid' })
  assert.throws(() => states.take(happened('o1', 'x'.repeat(101), 'g', 1, 1_000)), { code: 'invalid' })
})

test('what is counted is the newest state of each entity, wherever in the stream the reading began', () => {
  const groups = ['g0', 'g1', 'g2']
  const told = fc.array(
    fc.record({
      entity: fc.nat(4).map((n) => `e${n}`),
      state: fc.constantFrom('a', 'b', ''),
      group: fc.constantFrom(...groups),
      afterMs: fc.nat(6_000),
      behindMs: fc.oneof(fc.constant(0), fc.nat(25_000)),
    }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(told, fc.nat(100), fc.nat(30_000), (told, skip, afterMs) => {
      const events: EntityEvent[] = []
      let storedAtMs = 1_000_000
      for (const { afterMs, behindMs, ...said } of told) {
        storedAtMs += afterMs
        events.push({ ...said, timeMs: storedAtMs - behindMs, storedAtMs, epoch: 1, seq: events.length + 1 })
      }
      const nowMs = storedAtMs + afterMs
      const expected = expectedCounts(events, nowMs)
      // Whoever begins after a restart has not seen what is older than what it must see again.
      const warmUpMs = ttlMs + limits.countExpiryStepMs
      const needed = events.findIndex((event) => event.storedAtMs > nowMs - warmUpMs)
      const first = Math.min(skip, needed < 0 ? events.length : needed)
      for (const begin of [0, first]) {
        const states = new EntityStates(ttlMs, 100, nothing)
        for (const event of events.slice(begin)) states.take(event)
        states.advance(nowMs)
        assert.deepEqual(countsOf(states, groups), expected)
      }
    }),
    { numRuns: 500 },
  )
})

/** From the definition: of each entity the newest event by time, unless it is too old. */
function expectedCounts(events: readonly EntityEvent[], nowMs: number): Record<string, Record<string, number>> {
  const newest = new Map<string, EntityEvent>()
  for (const event of events) {
    if (event.timeMs >= (newest.get(event.entity)?.timeMs ?? 0)) newest.set(event.entity, event)
  }
  const counts: Record<string, Record<string, number>> = {}
  for (const { state, group, timeMs } of newest.values()) {
    const expiresAtMs = Math.ceil((timeMs + ttlMs) / limits.countExpiryStepMs) * limits.countExpiryStepMs
    if (state === '' || expiresAtMs <= nowMs) continue
    counts[group] = { ...counts[group], [state]: (counts[group]?.[state] ?? 0) + 1 }
  }
  return counts
}
