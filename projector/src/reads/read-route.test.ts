import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WeirError } from '@weir/proto'
import { parseReadRoutes } from './read-route.ts'

test('parameters of the path make the key, each as one token', () => {
  const [route] = parseReadRoutes(`
routes:
  - { path: /api/tracking/:room_id/:platform, bucket: latest, key: 'rooms.{room_id}.{platform}' }
`)
  assert.ok(route !== undefined)
  assert.deepEqual(route.parameters, ['room_id', 'platform'])
  assert.equal(route.answer, 'data')
  assert.equal(route.keyOf({ room_id: 'r17', platform: 'alpha' }), 'rooms.r17.alpha')
  const dotted = route.keyOf({ room_id: 'r.17', platform: 'Tik Tok' })
  assert.match(dotted, /^rooms\.r_17\.Tik_Tok\.id=[\w-]{14}$/)
  assert.notEqual(route.keyOf({ room_id: 'r_17', platform: 'Tik Tok' }), dotted)
})

test('a file with faults is refused with all of them', () => {
  for (const [text, ...faults] of [
    ['routes: [', /routes:1:10: Flow sequence/],
    ['{}', /routes:1:1: routes: a map with the list/],
    [
      'routes: [{ path: x, bucket: "A B", key: "a b", kind: y }]',
      /\[0\]\.path/,
      /\[0\]\.bucket/,
      /\[0\]\.key/,
      /\[0\]\.kind/,
    ],
    ['routes: [{ path: /v1/state, bucket: latest, key: a }]', /taken/],
    ['routes: [{ path: /live, bucket: latest, key: a }]', /taken/],
    ['routes: [{ path: /:anything, bucket: latest, key: a }]', /taken/],
    ['routes: [{ path: /a, bucket: events, key: a }]', /bucket/],
    ['routes: [{ path: /a/:b, bucket: latest, key: "a.{c}" }]', /not in the path/],
    [
      'routes: [{ path: /a/:b, bucket: latest, key: a }, { path: /a/:c, bucket: latest, key: b }]',
      /routes\[1\]\.path: there is another route/,
    ],
  ] as const) {
    assert.throws(
      () => parseReadRoutes(text),
      (error) => {
        assert.ok(error instanceof WeirError)
        for (const fault of faults) assert.match(error.message, fault)
        return true
      },
      text,
    )
  }
})
