import { maySubscribe, type Parameter } from '@weir/mesh'
import { checkSubject, schemaReference, WeirError } from '@weir/proto'
import type { BucketReader } from '../bucket/bucket-reader.ts'
import { type Endpoint, jsonAnswer } from '../http/endpoint.ts'
import { isNamed } from '../http/entity-tag.ts'
import { dataText, stateItemText } from '../http/event-text.ts'
import type { Router } from '../http/router.ts'
import type { ReadRoute } from '../reads/read-route.ts'

/** The paths of the operator's file, each answering one value of a bucket. */
export function readRoutes(router: Router, buckets: BucketReader, routes: readonly ReadRoute[]): void {
  for (const route of routes) {
    router.add(endpointOf(route), async (context) => {
      const identity = context.get('identity')
      const key = route.keyOf(context.req.param() as Readonly<Record<string, string>>)
      checkSubject(key)
      if (!maySubscribe(identity, [key])) throw new WeirError('forbidden', `The token does not grant "${key}".`)
      const item = await buckets.get(identity.tenant, route.bucket, key)
      if (item === undefined) throw new WeirError('not_found', `There is nothing of "${key}" now.`)
      // What depends on the token and on the moment must not be kept by a cache without asking.
      const headers = { 'cache-control': 'private, no-cache', etag: `"${item.seq.toString(36)}"` }
      if (isNamed(context.req.header('if-none-match'), headers.etag)) return context.body(null, 304, headers)
      const text = route.answer === 'value' ? stateItemText(item) : (dataText(item.event)?.[1] ?? 'null')
      return context.body(text, 200, { ...headers, 'content-type': 'application/json' })
    })
  }
}

function endpointOf({ path, parameters, bucket, answer }: ReadRoute): Endpoint {
  return {
    method: 'GET',
    path,
    summary: `A value of the bucket ${bucket}`,
    parameters: parameters.map((name): Parameter => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    answers: {
      200: jsonAnswer(
        answer === 'value' ? 'The value and how fresh it is' : 'The data of its event',
        answer === 'value' ? schemaReference('StateItem') : {},
        { ETag: { schema: { type: 'string' } } },
      ),
      304: { description: 'The value is still the one of that ETag' },
    },
    refusals: ['not_found'],
  }
}
