import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ServiceUnderTest, until } from './service-under-test.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-reads-'))
const file = join(folder, 'reads.yaml')
writeFileSync(
  file,
  `routes:
  - { path: /api/tracking/:room/:platform, bucket: short, key: 'rooms.{room}.{platform}' }
  - { path: /api/whole/:room, bucket: latest, key: 'rooms.{room}.alpha', answer: value }
`,
)
const service = await ServiceUnderTest.start({
  projections: `projections:
  - { name: latest, kind: latest, from: rooms.>, bucket: latest }
  - { name: short, kind: latest, from: rooms.>, bucket: short, ttl: 4s }
`,
  buckets: [{ name: 'short', ttlMs: 4_000, maxBytes: 1_048_576 }],
  env: { WEIR_PROJECTOR_ROUTES: file, WEIR_CORS_ORIGINS: 'https://rooms.example' },
})
after(async () => {
  await service.stop()
  rmSync(folder, { recursive: true })
})

const json = '{"room_id": "r1", "tokens": 12345678901234567890}'

test('a value is answered at the path of its route, as it was sent, and 404 after its time to live', async () => {
  await service.publish('rooms.r1.alpha', { data: { case: 'json', value: json } })
  const read = (headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${service.projector.url}/api/tracking/r1/alpha`, {
      headers: { authorization: `Bearer ${service.token}`, ...headers },
    })
  const found = await until(async () => {
    const response = await read({ origin: 'https://rooms.example' })
    return response.status === 200 && response
  })
  assert.equal(await found.text(), json)
  assert.equal(found.headers.get('access-control-allow-origin'), 'https://rooms.example')
  const etag = found.headers.get('etag') ?? ''
  assert.equal((await read({ 'if-none-match': etag })).status, 304)
  const whole = await until(async () => {
    const answer = await service.get<{ readonly subject: string }>('/api/whole/r1')
    return answer.status === 200 && answer
  })
  assert.equal(whole.body.subject, 'rooms.r1.alpha')
  await until(async () => (await read()).status === 404)
})

test('without a token it is 401, without a grant 403, and nothing there is 404', async () => {
  const url = `${service.projector.url}/api/tracking/r1/alpha`
  assert.equal((await fetch(url)).status, 401)
  assert.equal((await service.get('/api/tracking/none/alpha')).status, 404)
  await service.authorize({ subscribe: ['rooms.r2.>'] })
  assert.equal((await service.get('/api/tracking/r1/alpha')).status, 403)
})
