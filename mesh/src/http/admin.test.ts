import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Health } from '../run/health.ts'
import { Metrics } from '../run/metrics.ts'
import { adminHandler } from './admin.ts'

const health = new Health()
const handle = adminHandler({ health, metrics: new Metrics('test') })

function get(path: string): Promise<Response> {
  return handle(new Request(`http://admin${path}`))
}

test('/healthz is ok whatever the parts say', async () => {
  const ill = new Health()
  ill.set('nats', false)
  const answer = await adminHandler({ health: ill, metrics: new Metrics('ill') })(new Request('http://admin/healthz'))
  assert.equal(answer.status, 200)
})

test('/readyz is 200 only when every part is fit and nothing drains, and says which is not', async () => {
  health.set('nats', true)
  health.set('tail', false, 'behind')
  const unready = await get('/readyz?verbose')
  assert.equal(unready.status, 503)
  assert.deepEqual(await unready.json(), {
    ready: false,
    draining: false,
    parts: { nats: { ok: true }, tail: { ok: false, detail: 'behind' } },
  })
  health.set('tail', true)
  assert.equal((await get('/readyz')).status, 200)
  health.draining()
  assert.equal((await get('/readyz')).status, 503)
})

test('/metrics is the Prometheus text format', async () => {
  const answer = await get('/metrics')
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  assert.match(await answer.text(), /^process_cpu_seconds_total/m)
})

test('another path is not found, and told which there are; another method is not allowed', async () => {
  const own = adminHandler({ health, metrics: new Metrics('own') }, ['/v1/things'])
  const missing = await own(new Request('http://admin/constructor'))
  assert.equal(missing.status, 404)
  assert.match(await missing.text(), /has \/healthz, \/readyz, \/metrics, \/v1\/things\./)
  const post = await handle(new Request('http://admin/healthz', { method: 'POST' }))
  assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD'])
})
