import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Metrics } from '@weir/mesh'
import { mergeMetrics } from './merge-metrics.ts'

test('each family comes once, each sample says whose it is', () => {
  const one = '# HELP a Help of a.\n# TYPE a counter\na 1\n\n# HELP b Help.\n# TYPE b gauge\nb{x="}{ y"} 2\n'
  const two = '# HELP b Help.\n# TYPE b gauge\nb{x="z"} 3\n# HELP c Help.\n# TYPE c gauge\n'
  assert.equal(
    mergeMetrics(
      new Map([
        ['1', one],
        ['2', two],
      ]),
    ),
    [
      '# HELP a Help of a.',
      '# TYPE a counter',
      'a{worker="1"} 1',
      '',
      '# HELP b Help.',
      '# TYPE b gauge',
      'b{worker="1",x="}{ y"} 2',
      'b{worker="2",x="z"} 3',
      '',
      '# HELP c Help.',
      '# TYPE c gauge',
      '',
    ].join('\n'),
  )
})

test('OpenMetrics stays OpenMetrics: its exemplars stand, and it ends once', async () => {
  const metrics = new Metrics('hub')
  metrics.histogram('pass_seconds', 'How long.', [0.1]).observe(0.05, 'a'.repeat(32))
  const { text } = await metrics.page('application/openmetrics-text')
  const merged = mergeMetrics(
    new Map([
      ['1', text],
      ['2', text],
    ]),
  )
  assert.ok(merged.endsWith('\n# EOF\n'))
  assert.equal(merged.match(/# EOF/g)?.length, 1)
  assert.doesNotMatch(merged, /\n\n/)
  for (const worker of ['1', '2']) {
    assert.match(merged, new RegExp(`_bucket\\{worker="${worker}",le="0.1"\\} 1 # \\{trace_id="a{32}"\\} 0.05 `))
  }
})

test('nothing that a service exports is lost', async () => {
  const metrics = new Metrics('hub')
  metrics.histogram('pass_seconds', 'How long.', [0.1, 1]).observe(0.5)
  metrics.counter('closes_total', 'Closed.', ['code']).inc({ code: 1012 })
  const text = await metrics.text()
  const samples = (lines: string): string[] => lines.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const merged = mergeMetrics(new Map([['7', text]]))
  assert.deepEqual(
    samples(merged).map((line) => line.replace(/worker="7",?/, '').replace('{}', '')),
    samples(text),
  )
  assert.ok(samples(merged).every((line) => line.includes('worker="7"')))
})
