import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Metrics } from './metrics.ts'
import { acceptsOpenMetrics } from './open-metrics.ts'

/** What Prometheus 2.42 sends. */
const accept = 'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain'
const traceId = '0af7651916cd43dd8448eb211c80319c'

async function openMetrics(metrics: Metrics): Promise<readonly string[]> {
  const { text, contentType } = await metrics.page(accept)
  assert.match(contentType, /^application\/openmetrics-text; version=1\.0\.0/)
  return text.split('\n').filter((line) => line.includes('weir_') || !line.includes('_'))
}

test('OpenMetrics names counters without _total, has no empty line, and ends with EOF', async () => {
  const metrics = new Metrics('open')
  metrics.counter('sent_total', 'What was "sent".', ['code']).inc({ code: 'a' }, 2)
  metrics.counter('odd', 'A counter without the ending.').inc()
  metrics.gauge('held', 'Held.').set(7)
  assert.deepEqual(await openMetrics(metrics), [
    '# TYPE weir_open_sent counter',
    '# HELP weir_open_sent What was \\"sent\\".',
    'weir_open_sent_total{code="a"} 2',
    '# TYPE weir_open_odd unknown',
    '# HELP weir_open_odd A counter without the ending.',
    'weir_open_odd 1',
    '# TYPE weir_open_held gauge',
    '# HELP weir_open_held Held.',
    'weir_open_held 7',
    '# EOF',
    '',
  ])
})

test('a bucket has the newest observation with a trace, and the Prometheus format has none', async () => {
  const metrics = new Metrics('open')
  const seconds = metrics.histogram('seconds', 'How long.', [0.1, 1])
  seconds.observe(0.05)
  seconds.observe(0.5, 'f'.repeat(32))
  seconds.observe(0.7, traceId)
  seconds.observe(0.8)
  seconds.observe(30, traceId)
  const buckets = (await openMetrics(metrics)).filter((line) => line.includes('_bucket'))
  const exemplar = (value: string): RegExp => new RegExp(`^ # \\{trace_id="${traceId}"\\} ${value} \\d{10}\\.\\d{3}$`)
  const [first = '', second = '', last = ''] = buckets.map((line) => line.replace(/^\S+ \d+/, ''))
  assert.equal(first, '')
  assert.match(second, exemplar('0.7'))
  assert.match(last, exemplar('30'))
  const { text, contentType } = await metrics.page('text/plain')
  assert.match(contentType, /^text\/plain/)
  assert.doesNotMatch(text, /trace_id|EOF/)
})

test('only who names OpenMetrics gets it', () => {
  assert.deepEqual([accept, 'text/plain', '*/*', 'application/openmetrics-texture', null].map(acceptsOpenMetrics), [
    true,
    false,
    false,
    false,
    false,
  ])
})
