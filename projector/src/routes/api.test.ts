import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import type { ApiEnv } from '../http/api-env.ts'
import { allowOrigins } from '../http/cross-origin.ts'
import { routes } from './api.ts'
import { openapiDocument } from './openapi-route.ts'

test('every route is in the OpenAPI document, and every path of it is a route', () => {
  const api = new Hono<ApiEnv>()
  routes(api, { origins: [] } as never)
  const served = api.routes
    .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/v1/'))
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
  const described = Object.entries(openapiDocument().paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  assert.deepEqual(served.sort(), described.sort())
})

test('every reference of the OpenAPI document leads somewhere', () => {
  const document: unknown = openapiDocument()
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? '')
  assert.ok(references.length > 20)
  for (const path of references) {
    let at: unknown = document
    for (const key of path.split('/')) at = (at as Record<string, unknown>)[key]
    assert.equal(typeof at, 'object', path)
  }
})

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
  assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /DELETE/)
  assert.match(preflight.headers.get('vary') ?? '', /Origin/)
})
