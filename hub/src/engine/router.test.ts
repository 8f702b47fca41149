import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileFilters } from '@weir/proto'
import fc from 'fast-check'
import type { SubjectState } from './log/entry.ts'
import { type Route, Router } from './router.ts'

const token = fc.constantFrom('a', 'b', 'c')
const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'))
const filter = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([tokens, rest]) => (rest ? [...tokens.slice(0, 3), '>'] : tokens).join('.'))
const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), filters: fc.uniqueArray(filter, { minLength: 1, maxLength: 3 }) }),
  fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }),
  fc.record({ kind: fc.constant('match' as const), subject }),
)

describe('the router', () => {
  test('agrees with a naive matcher while routes come and go', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const router = new Router<Route>()
        const routes: Route[] = []
        const states = new Map<string, SubjectState>()
        let count = 0
        for (const each of steps) {
          if (each.kind === 'add') {
            const route = { number: ++count, filters: each.filters, visit: 0 }
            routes.push(route)
            router.add(route)
          } else if (each.kind === 'remove') {
            const [route] = routes.splice(each.which % Math.max(1, routes.length), 1)
            if (route !== undefined) router.remove(route)
          } else {
            const state = states.get(each.subject) ?? newState(each.subject)
            states.set(each.subject, state)
            const expected = routes.filter((route) => compileFilters(route.filters)(each.subject))
            assert.deepEqual(new Set(router.match(state)), new Set(expected))
            assert.equal(router.match(state).length, expected.length, 'a route stands once')
          }
        }
        assert.equal(router.size, routes.length)
      }),
      { numRuns: 500 },
    )
  })

  test('keeps one answer for all subjects with the same routes, and none of a route that is gone', () => {
    const router = new Router<Route>()
    const routes = Array.from({ length: 256 }, (_, number) => ({ number, filters: ['>'], visit: 0 }))
    for (const route of routes) router.add(route)
    const states = Array.from({ length: 1_000 }, (_, index) => newState(`s.${index}`))
    for (const state of states) assert.equal(router.match(state), router.match(states[0] as SubjectState))
    for (const route of routes) router.remove(route)
    for (const state of states) assert.deepEqual(Object.values(state).filter(Array.isArray), [], 'the router has it')
    assert.deepEqual(router.match(states[0] as SubjectState), [])
  })
})

function newState(name: string): SubjectState {
  return { subject: name, latest: undefined, answer: 0, routedAt: -1 }
}
