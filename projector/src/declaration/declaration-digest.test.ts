import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declarationDigest } from './declaration-digest.ts'
import { loadProjections } from './file/load.ts'

function digest(projection: string): string {
  const [spec] = loadProjections(`projections: [${projection}]`, 'p.yaml')
  assert.ok(spec !== undefined)
  return declarationDigest(spec)
}

test('the same declaration has the same digest, however it is written', () => {
  assert.equal(
    digest('{ name: a, kind: latest }'),
    digest("{ kind: latest, name: a, from: ['>'], ttl: 60m, bucket: a }"),
  )
})

test('what changes what is made has another digest', () => {
  const changes: readonly (readonly [kind: string, changes: readonly string[]])[] = [
    ['{ name: a, kind: latest', ["from: 'a.>'", "key: '{0}'", 'ttl: 2h', 'bucket: b', 'order: time']],
    ['{ name: a, kind: merge', ["from: 'a.>'", "key: '{0}'", 'ttl: 2h', 'bucket: b', 'metrics: [x]']],
    [
      '{ name: a, kind: rate',
      ["key: '{0}'", 'ttl: 2h', 'bucket: b', 'metrics: [x]', 'window: 2m', 'lateness: 1s', 'temporality: delta'],
    ],
    ['{ name: a, kind: window, size: 1m', ["key: '{0}'", 'lateness: 1s', 'metrics: [x]', 'percentiles: [1]']],
    [
      "{ name: a, kind: count, key: '{0}', state: data.s",
      ["from: 'a.>'", "entity: '{1}'", 'ttl: 2h', 'bucket: b', 'states: [x]'],
    ],
    [
      "{ name: a, kind: alert, when: 'true'",
      ["key: '{0}'", 'for: 1s', 'keepFiringFor: 1s', 'order: stored', 'source: b'],
    ],
    ['{ name: a, kind: history', ["from: 'a.>'"]],
  ]
  for (const [declared, fields] of changes) {
    const all = [`${declared} }`, ...fields.map((field) => `${declared}, ${field} }`)].map(digest)
    assert.equal(new Set(all).size, all.length, declared)
  }
  assert.notEqual(digest("{ name: a, kind: alert, when: 'true' }"), digest("{ name: a, kind: alert, when: 'false' }"))
})

test('what only says how much or how loud changes nothing', () => {
  assert.equal(digest('{ name: a, kind: latest }'), digest('{ name: a, kind: latest, quota: 1GiB, bucket: a }'))
  const rule = "{ name: a, kind: alert, when: 'true'"
  assert.equal(digest(`${rule} }`), digest(`${rule}, severity: HIGH, message: x, every: 1s }`))
  assert.equal(digest('{ name: a, kind: history }'), digest('{ name: a, kind: history, retention: 7d }'))
})
