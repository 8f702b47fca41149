import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DeclarationError, defaultProjections, loadDeclarations, loadProjections } from './load.ts'

function faults(text: string): string[] {
  try {
    loadProjections(text, 'p.yaml')
  } catch (thrown) {
    assert.ok(thrown instanceof DeclarationError)
    return thrown.faults.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)
  }
  return []
}

test('without a file there are latest, history and the buckets of alerts and silences', () => {
  assert.deepEqual(
    defaultProjections.map(({ kind, name, from }) => `${kind} ${name} ${from.join()}`),
    ['latest latest >', 'history history >', 'latest alerts alerts.>', 'latest silences silences.>'],
  )
})

test('every kind can be declared, and what is left out has a default', () => {
  const specs = loadProjections(
    `projections:
  - { name: latest, kind: latest }
  - { name: climate, kind: merge, from: [rooms.*.t, rooms.*.h], key: '{0}.{1}', ttl: 10m }
  - { name: load, kind: window, from: 'hosts.>', size: 1m }
  - { name: hot, kind: alert, from: 'rooms.>', when: 'metrics.t > 30.0', for: 10s, severity: HIGH }
  - { name: silent, kind: alert, from: 'rooms.>', absent: 30s }
  - { name: history, kind: history, retention: 7d }
`,
    'p.yaml',
  )
  assert.deepEqual(specs[0], {
    kind: 'latest',
    name: 'latest',
    from: ['>'],
    key: specs[0] && 'key' in specs[0] && specs[0].key,
    bucket: 'latest',
    ttlMs: 3_600_000,
    quotaBytes: 268_435_456,
    order: 'stored',
  })
  const window = specs[2]
  assert.ok(window?.kind === 'window')
  assert.equal(window.key.text, '{subject}.{window}')
  assert.equal(window.latenessMs, 10_000)
  assert.deepEqual(window.percentiles, [50, 95, 99])
  const alert = specs[3]
  assert.ok(alert?.kind === 'alert')
  assert.deepEqual([alert.forMs, alert.severity, alert.source], [10_000, 'HIGH', 'events'])
  assert.deepEqual(
    specs.slice(-2).map(({ name }) => name),
    ['alerts', 'silences'],
  )
})

test('every fault is reported with its line and column', () => {
  assert.deepEqual(
    faults(`projections:
  - name: latest
    kind: latest
    ttl: soon
    colour: red
  - name: two words
    kind: history
  - kind: merge
    name: m
    from: 'a..b'
`),
    [
      '4:5 projections[0].ttl: a duration is a number and ms, s, m, h or d',
      '5:5 projections[0].colour: there is no such field here; there are kind, name, from, key, bucket, ttl, quota, order',
      '6:5 projections[1].name: a name is made of A-Z a-z 0-9 _ -, at most 64',
      '10:5 projections[2].from[0]: The filter "a..b" has an empty token: two dots in a row, or one at an end.',
    ],
  )
})

test('text that is no YAML is a fault at its place', () => {
  const [first] = faults('projections:\n  - name: [unclosed\n')
  assert.match(first ?? '', /^\d+:\d+ : /)
})

test('a missing or unknown kind names the kinds there are', () => {
  assert.match(
    faults('projections:\n  - name: x\n')[0] ?? '',
    /^2:5 projections\[0\].*latest, merge, window, count, rate, alert, notify or history/,
  )
  assert.match(
    faults('projections:\n  - { name: x, kind: cache }\n')[0] ?? '',
    /latest, merge, window, count, rate, alert, notify or history/,
  )
})

test('a required field that is missing is reported at its projection', () => {
  assert.deepEqual(faults('projections:\n  - { kind: window, name: w }\n'), [
    '2:5 projections[0].size: this field is required',
  ])
})

test('projections that cannot live together are refused', () => {
  const text = `projections:
  - { name: a, kind: latest, bucket: b, ttl: 1h }
  - { name: a, kind: latest, bucket: c }
  - { name: d, kind: merge, bucket: b, ttl: 1h }
  - { name: e, kind: latest, bucket: b, ttl: 2h }
`
  assert.deepEqual(faults(text), [
    '3:7 projections[1].name: there is another projection "a"',
    '4:29 projections[2].bucket: a fills this bucket by another kind, latest',
    '5:30 projections[3].bucket: d fills this bucket by another kind, merge',
    '5:41 projections[3].ttl: a fills the same bucket with another TTL',
    '5:41 projections[3].ttl: d fills the same bucket with another TTL',
  ])
})

test('an alert has either a condition or a time of absence', () => {
  assert.match(faults('projections:\n  - { name: x, kind: alert }\n')[0] ?? '', /either `when`/)
  assert.match(
    faults('projections:\n  - { name: x, kind: alert, when: "true", absent: 5s }\n')[0] ?? '',
    /either `when`/,
  )
})

test('a rule over a bucket cannot look back, as a bucket does not tell the past', () => {
  const rule = (source: string): string =>
    `projections:\n  - { name: x, kind: alert, source: ${source}, when: 'metrics.a > ago("1m").metrics.a' }\n`
  assert.deepEqual(faults(rule('events')), [])
  assert.match(
    faults(rule('latest'))[0] ?? '',
    /^2:45 projections\[0\]\.when: .*leave `source` out and name the events in `from`/,
  )
})

test('a key template is checked when it is declared', () => {
  assert.match(
    faults("projections:\n  - { name: x, kind: latest, key: '{nope}' }\n")[0] ?? '',
    /no placeholder \{nope\}/,
  )
  assert.match(faults("projections:\n  - { name: x, kind: latest, key: 'a b' }\n")[0] ?? '', /makes no keys/)
  assert.match(faults("projections:\n  - { name: x, kind: latest, key: '{window}' }\n")[0] ?? '', /kind window/)
})

test('a count is of entities by their state, and says what is wrong where', () => {
  const text = `projections:
  - { name: pending, kind: count, from: 'orders.>', entity: '{data.order}', state: data.status, key: '{data.branch}' }
`
  const [spec] = loadProjections(text, 'p.yaml')
  assert.ok(spec?.kind === 'count')
  assert.deepEqual([spec.entity.text, spec.state.text, spec.key.text], ['{data.order}', 'data.status', '{data.branch}'])
  assert.deepEqual([spec.bucket, spec.ttlMs, spec.states], ['pending', 3_600_000, undefined])
  assert.deepEqual(faults("projections:\n  - { name: x, kind: count, key: all, state: 'tokens' }\n"), [
    '2:47 projections[0].state: the state gives list(string), and a text, a number or a boolean is needed',
  ])
  assert.deepEqual(
    faults('projections:\n  - { name: x, kind: count, states: [a, total] }\n').map((fault) =>
      fault.slice(fault.indexOf(' ') + 1),
    ),
    [
      'projections[0].state: this field is required',
      'projections[0].key: this field is required',
      'projections[0].states[1]: "total" is the metric of all states together',
    ],
  )
})

test('a rate is of the counters that are named, or of those that say that they are some', () => {
  const [all, named] = loadProjections(
    `projections:
  - { name: all, kind: rate, from: 'metrics.>' }
  - { name: named, kind: rate, key: '{0}', window: 10s, metrics: [data.requests, errors], temporality: delta, ttl: 1m }
`,
    'p.yaml',
  )
  assert.ok(all?.kind === 'rate' && named?.kind === 'rate')
  assert.deepEqual([all.windowMs, all.latenessMs, all.ttlMs, all.temporality], [60_000, 60_000, 300_000, 'cumulative'])
  assert.deepEqual([all.metrics.declared, named.metrics.declared], [undefined, ['data.requests', 'errors']])
  assert.deepEqual(faults('projections:\n  - { name: x, kind: rate, window: 2h, metrics: [], temporality: sum }\n'), [
    '2:28 projections[0].window: it must be from 1s to 1h',
    '2:40 projections[0].metrics: at least one metric is needed',
    '2:53 projections[0].temporality: a temporality is cumulative or delta',
  ])
})

test('a history is kept for a time, up to a size, and longer by the minute', () => {
  const [spec] = loadProjections(
    'projections: [{ name: h, kind: history, retention: 7d, size: 50GiB, coarse: 90d }]',
    'p.yaml',
  )
  assert.ok(spec?.kind === 'history')
  assert.deepEqual([spec.retentionMs, spec.sizeBytes, spec.coarseMs], [7 * day, 50 * 1024 ** 3, 90 * day])
  assert.deepEqual(faults('projections:\n  - { name: h, kind: history, size: much, coarse: 7d }\n'), [
    '2:31 projections[0].size: it must be a size such as 512KiB, 64MiB or 1000000',
    '2:43 projections[0].coarse: the coarser copy is for what is older than `retention`, so it has to be kept for longer',
  ])
})

const day = 86_400_000

test('reserved buckets cannot be filled', () => {
  assert.match(faults('projections:\n  - { name: x, kind: latest, bucket: mesh }\n')[0] ?? '', /taken/)
})

test('a fault of a condition is shown at its place within the text', () => {
  const plain = 'projections:\n  - name: x\n    kind: alert\n    when: metrics.a > 1 && nope > 2\n'
  assert.match(faults(plain)[0] ?? '', /^4:28 projections\[0\]\.when: "nope" is unknown/)
  const quoted = 'projections:\n  - { name: x, kind: alert, when: "subject + 1 == 2" }\n'
  assert.match(faults(quoted)[0] ?? '', /^2:44 projections\[0\]\.when: string \+ int does not exist/)
  const block = 'projections:\n  - name: x\n    kind: alert\n    when: |\n      metrics.a > 1 &&\n        nope > 2\n'
  assert.match(faults(block)[0] ?? '', /^6:9 projections\[0\]\.when: "nope" is unknown/)
})

test('every fault of every projection is reported at once', () => {
  const found = faults(`projections:
  - { name: a, kind: latest, colour: red, sise: 3, ttl: never }
  - { name: b, kind: alert, when: 'nope > 3 && nope2 > 4', message: '{nope}', for: soon }
  - { name: b, kind: history, retention: 1s }
  - { kind: cache }
  - 7
extra: 1
`)
  assert.deepEqual(
    found.map((fault) => fault.slice(0, fault.indexOf(': '))),
    [
      '2:30 projections[0].colour',
      '2:43 projections[0].sise',
      '2:52 projections[0].ttl',
      '3:36 projections[1].when',
      '3:48 projections[1].when',
      '3:60 projections[1].message',
      '3:79 projections[1].for',
      '4:7 projections[2].name',
      '4:31 projections[2].retention',
      '5:7 projections[3].kind',
      '6:5 projections[4]',
      '7:1 extra',
    ],
  )
})

test('faults of several fields, and of several projections, are reported beside those of one field', () => {
  const found = faults(`projections:
  - { name: a, kind: alert, colour: red, source: b, absent: soon, noData: fire, order: time, key: '{window}' }
  - { name: a, kind: latest, key: '{window}', bucket: b, ttl: never, quota: 1MiB }
  - { name: c d, kind: latest, bucket: b, quota: 2MiB }
  - { name: e, kind: merge, bucket: b, colour: red, quota: 1MiB }
  - { name: f, kind: history, colour: red }
  - { name: g, kind: history, retention: 1s }
`)
  assert.deepEqual(found.map((fault) => fault.slice(fault.indexOf('['), fault.indexOf(': '))).sort(), [
    '[0].absent',
    '[0].colour',
    '[0].key',
    '[0].noData',
    '[0].noDataAfter',
    '[0].order',
    '[0].source',
    '[1].key',
    '[1].name',
    '[1].ttl',
    '[2].name',
    '[2].quota',
    '[3].bucket',
    '[3].bucket',
    '[3].colour',
    '[3].quota',
    '[4].colour',
    '[5].kind',
    '[5].retention',
  ])
})

test('aliases that stand for more than any memory holds are refused at their place', () => {
  const bomb = `a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
projections: [*c, *c, *c, *c]
`
  assert.match(faults(bomb)[0] ?? '', /^2:8 : the aliases \(\*name\) of this file cannot be followed/)
})

test('maintenance times and inhibitions stand beside the projections, with faults at their places', () => {
  const { maintenance, inhibitions } = loadDeclarations(
    `projections: []
maintenance:
  - { name: nightly, match: { rule: hot, severity: [HIGH] }, days: [SUN, FRI], from: 22:30, to: 02:00, tz: Europe/Berlin }
inhibitions:
  - { source: { rule: offline }, target: { filter: alerts.late.> }, equal: [branch] }
`,
    'p.yaml',
  )
  assert.deepEqual(maintenance, [
    {
      name: 'nightly',
      match: { rule: ['hot'], severity: ['HIGH'] },
      days: [0, 5],
      fromMinute: 1350,
      toMinute: 120,
      tz: 'Europe/Berlin',
      comment: '',
    },
  ])
  assert.deepEqual(inhibitions, [
    { source: { rule: ['offline'] }, target: { filter: ['alerts.late.>'] }, equal: ['branch'] },
  ])
  assert.deepEqual(
    faults(`projections: []
maintenance:
  - { name: a, match: { rules: hot }, days: [MO], from: 24:00, to: 2, tz: +02:00 }
  - { name: b, match: { rule: hot }, from: 01:00, to: 02:00 }
  - { name: b, match: { rule: hot }, from: 01:00, to: 02:00, kind: latest }
  - 7
inhibitions: { source: { rule: a } }
silences: []
`).map((text) => text.replace(/^(\d+):\d+ ([^:]*):.*$/, '$1 $2')),
    [
      '3 maintenance[0].match',
      '3 maintenance[0].days[0]',
      '3 maintenance[0].from',
      '3 maintenance[0].to',
      '3 maintenance[0].tz',
      '5 maintenance[2].kind',
      '6 maintenance[3]',
      '7 inhibitions',
      '8 silences',
    ],
  )
})

test('every file of the documentation can be used', () => {
  const text = readFileSync(new URL('../../../../docs/projections.md', import.meta.url), 'utf8')
  const files = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, file = '']) => file)
  const declaring = files.filter((file) => /^(projections|maintenance|inhibitions):/m.test(file))
  assert.ok(declaring.length >= 4, String(declaring.length))
  for (const file of declaring)
    assert.deepEqual(faults(`${/^projections:/m.test(file) ? '' : 'projections: []\n'}${file}`), [], file)
})
