import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { errorCodes, httpStatus } from '@weir/proto'
import { bareIngest } from '../../test/fake-stream.ts'
import { parseWebhookRoutes } from '../formats/webhook/webhook-route.ts'

const routes = parseWebhookRoutes('routes: [{ method: PUT, path: "/hooks/:source", subject: "hooks.{param:source}" }]')
const { ingest, post } = await bareIngest({ routes })

interface Description {
  readonly openapi: string
  readonly paths: Record<string, Record<string, { requestBody: { content: object }; responses: object }>>
}

async function get(path: string): Promise<Response> {
  return await ingest(new Request(`http://ingest${path}`))
}

test('the description is OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(
    (await (await get('/openapi.json')).json()) as Record<string, unknown>,
  )
  assert.ok(valid, JSON.stringify(errors))
})

test('every reference of the description leads to something', async () => {
  const document = (await (await get('/openapi.json')).json()) as object
  let references = 0
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, member] of Object.entries(value)) {
      if (key === '$ref') {
        references++
        assert.notEqual(resolve(document, String(member)), undefined, String(member))
      } else visit(member)
    }
  }
  visit(document)
  assert.ok(references > 10)
})

test('the hub describes itself: its AsyncAPI is not here', async () => {
  assert.equal((await get('/asyncapi.json')).status, 404)
})

test('the description has every path, method, media type and status that is served', async () => {
  const { openapi, paths } = (await (await get('/openapi.json')).json()) as Description
  assert.equal(openapi, '3.1.0')
  assert.deepEqual(
    Object.entries(paths)
      .map(([path, methods]) => `${Object.keys(methods)} ${path}`)
      .sort(),
    [
      'get /health',
      'get /ping',
      'post /api/v1/write',
      'post /api/v2/write',
      'post /query',
      'post /v1/beacon',
      'post /v1/events',
      'post /v1/events/{subject}',
      'post /v1/logs',
      'post /v1/metrics',
      'post /v1/traces',
      'post /write',
      'put /hooks/{source}',
    ],
  )
  const { requestBody, responses } = paths['/v1/events']?.post ?? assert.fail()
  const refused = await post('/v1/events', '', { 'content-type': 'a/b' })
  for (const mediaType of (refused.headers.get('accept-post') ?? '').split(', ')) {
    assert.ok(mediaType in requestBody.content, mediaType)
  }
  // What a producer's request cannot come to: there is nothing to find or to be in conflict with
  // behind these paths.
  const never = new Set([404, 405, 409, 500])
  for (const code of errorCodes) {
    const status = httpStatus(code)
    assert.equal(String(status) in responses, !never.has(status), code)
  }
})

test('every path of the description is served, and says which methods it has', async () => {
  const { paths } = (await (await get('/openapi.json')).json()) as Description
  for (const [path, methods] of Object.entries(paths)) {
    const url = `http://ingest${path.replaceAll(/\{\w+\}/g, 'x')}`
    const wrong = await ingest(new Request(url, { method: 'DELETE' }))
    assert.equal(wrong.status, 405, path)
    assert.equal(wrong.headers.get('allow')?.toLowerCase(), Object.keys(methods).join(', '), path)
    for (const method of Object.keys(methods)) {
      const { status } = await ingest(new Request(url, { method: method.toUpperCase() }))
      assert.ok(status !== 404 && status !== 405, `${method} ${path}: ${status}`)
    }
  }
})

test('the page names every path, and loads nothing from elsewhere', async () => {
  const answer = await get('/')
  assert.match(answer.headers.get('content-type') ?? '', /^text\/html/)
  const page = await answer.text()
  for (const path of [
    '/v1/events',
    '/v1/events/{subject}',
    '/v1/metrics',
    '/v1/logs',
    '/v1/traces',
    '/hooks/{source}',
  ]) {
    assert.ok(page.includes(path), path)
  }
  assert.ok(
    page.includes(' http://ingest/v1/events</pre>'),
    'the example is for the address at which the page was asked for',
  )
  assert.doesNotMatch(page, /<(script|link|img|iframe)/)
})

function resolve(document: object, reference: string): unknown {
  let value: unknown = document
  for (const name of reference.replace('#/', '').split('/')) {
    value = (value as Record<string, unknown> | undefined)?.[name]
  }
  return value
}
