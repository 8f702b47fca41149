import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { Identity, OpenApi } from '@weir/mesh'
import { asWeirError } from '@weir/proto'
import { parseReadRoutes } from '../reads/read-route.ts'
import { routes } from './api.ts'

const ann: Identity = {
  tenant: 'main',
  subject: 'ann',
  publish: ['>'],
  subscribe: ['>'],
  admin: true,
  expiresAt: 4_000_000_000,
}
const reads = parseReadRoutes('routes: [{ path: /api/rooms/:room, bucket: latest, key: "rooms.{room}" }]')
const verifier = { verify: () => Promise.resolve(ann) }
const app = routes({ origins: [], projections: [], reads, verifier } as never)
app.onError((thrown, context) => context.text(asWeirError(thrown).message, 400))

const document = (await (await app.request('/v1/openapi.json')).json()) as OpenApi
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
)

test('the description is OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate({ ...structuredClone(document) })
  assert.ok(valid, JSON.stringify(errors))
})

test('it has every route that is served, and no other', () => {
  const served = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
  assert.deepEqual(operations.map(({ method, path }) => `${method} ${path}`).sort(), served.sort())
  assert.ok(served.length > 15)
})

test('it has every parameter that a route takes, and no other', async () => {
  for (const { method, path, parameters } of operations) {
    const query = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
    const refusal = await ask(method, path, 'nonsense=1')
    const there = query.length === 0 ? 'there are none.' : `there are ${query.join(', ')}.`
    assert.equal(refusal, `There is no parameter "nonsense" here: ${there}`, `${method} ${path}`)
    for (const name of query) {
      // A history knows some with a step alone, and some without one alone.
      const forms = query.includes('step') ? [`${name}=x`, `${name}=x&step=1`] : [`${name}=x`]
      const answers = await Promise.all(forms.map((form) => ask(method, path, form)))
      assert.ok(!answers.every((answer) => answer.startsWith('There is no parameter')), `${method} ${path}: ${name}`)
    }
    const named = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => `{${name}}`)
    assert.deepEqual(named, path.match(/\{\w+\}/g) ?? [], path)
  }
})

test('every reference leads to a schema, and every schema is referred to', () => {
  const named = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name = '']) => name,
  )
  assert.deepEqual([...new Set(named)].sort(), Object.keys(document.components.schemas).sort())
})

test('what takes no token says so', async () => {
  for (const { method, path, security } of operations) {
    const answer = await app.request(path.replaceAll(/\{\w+\}/g, '1'), { method })
    const isRefused = (await answer.text()).startsWith('Send a token')
    assert.equal(isRefused, security === undefined, `${method} ${path}`)
  }
})

async function ask(method: string, path: string, query: string): Promise<string> {
  const headers = { authorization: 'Bearer x' }
  const answer = await app.request(`${path.replaceAll(/\{\w+\}/g, '1')}?${query}`, { method, headers })
  return await answer.text()
}
