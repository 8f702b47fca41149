import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { allowOrigins } from './cross-origin.ts'

async function answer(origins: readonly string[], method: string, headers: Record<string, string>): Promise<Response> {
  const api = new Hono()
  api.use('*', allowOrigins(origins))
  api.get('/v1/x', (context) => context.text('x'))
  return await api.request('/v1/x', { method, headers })
}

test('pages of listed origins may read, others may not', async () => {
  const allowed = async (origins: readonly string[], origin: string): Promise<string | null> =>
    (await answer(origins, 'GET', { origin })).headers.get('access-control-allow-origin')
  assert.equal(await allowed(['https://a.example'], 'https://a.example'), 'https://a.example')
  assert.equal(await allowed(['https://a.example'], 'https://b.example'), null)
  assert.equal(await allowed([], 'https://a.example'), null)
  assert.equal(await allowed(['*'], 'https://a.example'), '*')
})

test('a preflight is answered with what requests may have', async () => {
  const headers = { origin: 'https://a.example', 'access-control-request-method': 'POST' }
  const preflight = await answer(['https://a.example'], 'OPTIONS', headers)
  assert.equal(preflight.status, 204)
  assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /authorization/)
  for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
    assert.ok(preflight.headers.get('access-control-allow-methods')?.includes(method), method)
  }
  assert.match(preflight.headers.get('vary') ?? '', /Origin/)
})
