import { createHash } from 'node:crypto'
import { grantsText, maySubscribe, type Parameter, problem } from '@weir/mesh'
import { checkSource, checkSubject, objectSchema, schemaReference, WeirError } from '@weir/proto'
import type { Context } from 'hono'
import type { BucketReader } from '../bucket/bucket-reader.ts'
import { arrayOf, type Endpoint, jsonAnswer, type Schemas } from '../http/endpoint.ts'
import { isNamed } from '../http/entity-tag.ts'
import { pageText, stateItemText } from '../http/event-text.ts'
import type { FairShare } from '../http/fair-share.ts'
import { afterParameter, filterParameter, grantedFilters, limitOf, limitParameter } from '../http/query.ts'
import type { Router } from '../http/router.ts'

export const stateSchemas: Schemas = {
  StateItem: objectSchema({
    subject: { type: 'string', description: 'The key.' },
    seq: { type: 'integer', description: 'Its revision, the sequence in the bucket.' },
    event: schemaReference('Event'),
    ageMs: { type: 'integer', description: 'How long ago its event was stored.' },
    ttlMs: { type: 'integer', description: 'The age at which it is removed; 0 when it never is.' },
  }),
}

const bucketParameter: Parameter = {
  name: 'bucket',
  in: 'path',
  required: true,
  schema: { type: 'string', examples: ['latest'] },
}

const ifNoneMatch: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  description: 'ETags of earlier answers, or *.',
  schema: { type: 'string' },
}

const etagHeader = { ETag: { schema: { type: 'string' } } }

const listKeys: Endpoint<'/v1/state/:bucket'> = {
  method: 'GET',
  path: '/v1/state/:bucket',
  summary: 'The keys of a bucket, a page at a time, in the order in which they were put last',
  description:
    'Each key that exists throughout is on some page; one that is put between two pages moves to the end and may come twice. A subscription to the bucket from the `cursor` of the first page misses no change.',
  parameters: [bucketParameter, filterParameter, limitParameter, afterParameter, ifNoneMatch],
  answers: {
    200: jsonAnswer(
      'A page',
      objectSchema(
        { bucket: { type: 'string' }, cursor: schemaReference('Cursor'), items: arrayOf('StateItem') },
        { next: { type: 'string', description: 'Absent on the last page.' } },
      ),
      etagHeader,
    ),
    304: { description: 'Nothing has changed in the bucket since that ETag' },
  },
  refusals: ['not_found'],
}

const getKey: Endpoint<'/v1/state/:bucket/:key'> = {
  method: 'GET',
  path: '/v1/state/:bucket/:key',
  summary: 'The value of one key',
  parameters: [
    bucketParameter,
    { name: 'key', in: 'path', required: true, schema: { type: 'string', examples: ['rooms.r17.air'] } },
    ifNoneMatch,
  ],
  answers: {
    200: jsonAnswer('The value and how fresh it is', schemaReference('StateItem'), etagHeader),
    304: { description: 'The value is still the one of that ETag' },
  },
  refusals: ['not_found'],
}

/** The newest values: a page by filter, or one key. */
export function stateRoutes(router: Router, buckets: BucketReader, listings: FairShare): void {
  router.add(listKeys, async (context, url) => {
    const bucket = bucketOf(context.req.param('bucket'))
    const identity = context.get('identity')
    const { tenant } = identity
    const request = {
      filters: grantedFilters(url, identity),
      limit: limitOf(url),
      after: url.searchParams.get('after') ?? undefined,
    }
    const head = await found(buckets.head(tenant, bucket))
    if (head === undefined) return missingBucket(tenant, bucket)
    // Any change of the bucket gives the list another tag, and so do other grants.
    const etag = `W/"${head}.${digest(request.filters.join())}"`
    if (isNamed(context.req.header('if-none-match'), etag)) return notModified(context, etag)
    const { items, ...fields } = await listings.use(identity, () => buckets.list(tenant, bucket, request))
    return answer(context, pageText(fields, items.map(stateItemText)), etag)
  })

  router.add(getKey, async (context) => {
    const bucket = bucketOf(context.req.param('bucket'))
    const key = context.req.param('key')
    const identity = context.get('identity')
    checkSubject(key)
    if (!maySubscribe(identity, [key]))
      throw new WeirError('forbidden', `The token does not grant "${key}": ${grantsText(identity.subscribe)}.`)
    const read = await found(buckets.get(identity.tenant, bucket, key).then((item) => ({ item })))
    if (read === undefined) return missingBucket(identity.tenant, bucket)
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

/**
 * So that a key that has no value now can be told from a bucket, or a server, that is not the one
 * that was meant.
 */
function missing(what: 'key' | 'bucket', detail: string): Response {
  return problem(new WeirError('not_found', detail), {
    members: { type: `urn:weir:error:not_found:${what}`, missing: what },
  })
}

function missingBucket(tenant: string, bucket: string): Response {
  const remedy = `"weir tenant create ${tenant}" makes those of a new tenant, a projection others`
  return missing('bucket', `The tenant "${tenant}" has no bucket "${bucket}": ${remedy}.`)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 12)
}

function bucketOf(name: string): string {
  checkSource(name)
  if (name === 'events') throw new WeirError('not_found', '"events" is a stream: its newest values are in `latest`.')
  return name
}
