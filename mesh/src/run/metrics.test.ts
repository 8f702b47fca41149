import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Metrics } from './metrics.ts'

test('every metric of a service carries its name, and the process is measured too', async () => {
  const metrics = new Metrics('hub')
  metrics.counter('accepted_total', 'Events', ['format']).inc({ format: 'json' }, 2)
  metrics.gauge('sessions', 'Sessions', [], (gauge) => gauge.set(7))
  metrics.histogram('flush_seconds', 'Flushes', [0.001, 0.01]).observe(0.005)
  const text = await metrics.text()
  assert.match(text, /^weir_hub_accepted_total\{format="json"\} 2$/m)
  assert.match(text, /^weir_hub_sessions 7$/m)
  assert.match(text, /^weir_hub_flush_seconds_bucket\{le="0.01"\} 1$/m)
  assert.match(text, /^process_resident_memory_bytes \d+$/m)
  assert.match(text, /^nodejs_eventloop_lag_seconds /m)
})

test('what is counted elsewhere is read at each scrape', async () => {
  const metrics = new Metrics('test')
  let count = 1
  metrics.reading('sent_total', 'Sent', () => count)
  assert.match(await metrics.text(), /^weir_test_sent_total 1$/m)
  count = 5
  assert.match(await metrics.text(), /^weir_test_sent_total 5$/m)
  assert.match(await metrics.text(), /^# TYPE weir_test_sent_total counter$/m)
})

test('two services in one process keep their metrics apart', async () => {
  const [one, two] = [new Metrics('one'), new Metrics('two')]
  one.counter('a_total', 'A')
  assert.doesNotMatch(await two.text(), /weir_one/)
})

test('describes what a service counts of its own, and not what every process has', () => {
  const metrics = new Metrics('described')
  metrics.counter('things_total', 'Things.', ['kind'])
  metrics.reading('read_total', 'Read.', () => 1)
  assert.deepEqual(metrics.describe(), [
    { name: 'weir_described_things_total', help: 'Things.', type: 'counter', labels: ['kind'] },
    { name: 'weir_described_read_total', help: 'Read.', type: 'counter', labels: [] },
  ])
})
