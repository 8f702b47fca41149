import { createHash } from 'node:crypto'
import { maySubscribe, problem } from '@weir/mesh'
import { checkSource, checkSubject, WeirError } from '@weir/proto'
import type { Context, Hono } from 'hono'
import type { BucketReader } from '../bucket/bucket-reader.ts'
import type { ApiEnv } from '../http/api-env.ts'
import { isNamed } from '../http/entity-tag.ts'
import { pageText, stateItemText } from '../http/event-text.ts'
import { knownUrl } from '../http/parameters.ts'
import { grantedFilters, limitOf } from '../http/query.ts'

/** The newest values: a page by filter, or one key. */
export function stateRoutes(api: Hono<ApiEnv>, buckets: BucketReader): void {
  api.get('/v1/state/:bucket', async (context) => {
    const bucket = bucketOf(context.req.param('bucket'))
    const url = knownUrl(context.req, ['filter', 'limit', 'after'])
    const { tenant } = context.get('identity')
    const request = {
      filters: grantedFilters(url, context.get('identity')),
      limit: limitOf(url),
      after: url.searchParams.get('after') ?? undefined,
    }
    const head = await found(buckets.head(tenant, bucket))
    if (head === undefined) return missingBucket(bucket)
    // Any change of the bucket gives the list another tag, and so do other grants.
    const etag = `W/"${head}.${digest(request.filters.join())}"`
    if (isNamed(context.req.header('if-none-match'), etag)) return notModified(context, etag)
    const { items, ...fields } = await buckets.list(tenant, bucket, request)
    return answer(context, pageText(fields, items.map(stateItemText)), etag)
  })

  api.get('/v1/state/:bucket/:key', async (context) => {
    const bucket = bucketOf(context.req.param('bucket'))
    const key = context.req.param('key')
    knownUrl(context.req, [])
    const identity = context.get('identity')
    checkSubject(key)
    if (!maySubscribe(identity, [key])) throw new WeirError('forbidden', `The token does not grant "${key}".`)
    const read = await found(buckets.get(identity.tenant, bucket, key).then((item) => ({ item })))
    if (read === undefined) return missingBucket(bucket)
    const { item } = read
    if (item === undefined) return missing('key', `The bucket "${bucket}" has no key "${key}".`)
    const etag = `"${item.seq.toString(36)}"`
    if (isNamed(context.req.header('if-none-match'), etag)) return notModified(context, etag)
    return answer(context, stateItemText(item), etag)
  })
}

function answer(context: Context, text: string, etag: string): Response {
  return context.body(text, 200, { ...freshEachTime, 'content-type': 'application/json', etag })
}

function notModified(context: Context, etag: string): Response {
  return context.body(null, 304, { ...freshEachTime, etag })
}

/** What depends on the token and on the moment must not be kept by a cache without asking. */
const freshEachTime = { 'cache-control': 'private, no-cache' }

/** Undefined when the bucket does not exist. */
async function found<T>(read: Promise<T>): Promise<T | undefined> {
  return await read.catch((thrown: unknown) => {
    if (thrown instanceof WeirError && thrown.code === 'not_found') return undefined
    throw thrown
  })
}

/** So that a key that has no value now can be told from a bucket, or a server, that is not the one that was meant. */
function missing(what: 'key' | 'bucket', detail: string): Response {
  return problem(new WeirError('not_found', detail), {
    members: { type: `urn:weir:error:not_found:${what}`, missing: what },
  })
}

function missingBucket(bucket: string): Response {
  return missing('bucket', `There is no bucket "${bucket}".`)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 12)
}

function bucketOf(name: string): string {
  checkSource(name)
  if (name === 'events') throw new WeirError('not_found', '"events" is a stream: its newest values are in `latest`.')
  return name
}
