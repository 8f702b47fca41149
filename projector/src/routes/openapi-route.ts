import { readFileSync } from 'node:fs'
import type { Hono } from 'hono'
import { parse } from 'yaml'
import type { ApiEnv } from '../http/api-env.ts'
import { knownUrl } from '../http/parameters.ts'

/** The description of the API, for people's tools: it needs no token, as it tells nothing of the mesh. */
export function openapiRoute(api: Hono<ApiEnv>): void {
  const document = openapiDocument()
  api.get('/v1/openapi.json', (context) => {
    knownUrl(context.req, [])
    return context.json(document, 200, { 'cache-control': 'public, max-age=300' })
  })
}

export function openapiDocument(): OpenapiDocument {
  return parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')) as OpenapiDocument
}

export interface OpenapiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}
