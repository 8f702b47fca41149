import { createHash } from 'node:crypto'
import { maySubscribe } from '@weir/mesh'
import { checkSource, checkSubject, WeirError } from '@weir/proto'
import type { Hono } from 'hono'
import type { BucketReader } from '../bucket/bucket-reader.ts'
import type { ApiEnv } from '../http/api-env.ts'
import { grantedFilters, limitOf } from '../http/query.ts'

/** The newest values: a page by filter, or one key. */
export function stateRoutes(api: Hono<ApiEnv>, buckets: BucketReader): void {
  api.get('/v1/state/:bucket', async (context) => {
    const bucket = bucketOf(context.req.param('bucket'))
    const url = new URL(context.req.url)
    const identity = context.get('identity')
    const request = {
      filters: grantedFilters(url, identity),
      limit: limitOf(url),
      after: url.searchParams.get('after') ?? undefined,
    }
    // Any change of the bucket gives the list another tag, and so do other grants.
    const etag = `W/"${await buckets.head(identity.tenant, bucket)}.${digest(request.filters.join())}"`
    if (context.req.header('if-none-match') === etag) return context.body(null, 304, { ...freshEachTime, etag })
    return context.json(await buckets.list(identity.tenant, bucket, request), 200, { ...freshEachTime, etag })
  })

  api.get('/v1/state/:bucket/:key', async (context) => {
    const bucket = bucketOf(context.req.param('bucket'))
    const key = context.req.param('key')
    const identity = context.get('identity')
    checkSubject(key)
    if (!maySubscribe(identity, [key])) throw new WeirError('forbidden', `The token does not grant "${key}".`)
    const item = await buckets.get(identity.tenant, bucket, key)
    const etag = `"${item.seq.toString(36)}"`
    if (context.req.header('if-none-match') === etag) return context.body(null, 304, { ...freshEachTime, etag })
    return context.json(item, 200, { ...freshEachTime, etag })
  })
}

/** What depends on the token and on the moment must not be kept by a cache without asking. */
const freshEachTime = { 'cache-control': 'private, no-cache' }

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 12)
}

function bucketOf(name: string): string {
  checkSource(name)
  if (name === 'events') throw new WeirError('not_found', '"events" is a stream: its newest values are in `latest`.')
  return name
}
