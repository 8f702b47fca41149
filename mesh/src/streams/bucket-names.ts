import type { NatsConnection } from '@nats-io/nats-core'
import { WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { request } from '../connection/request.ts'
import { bucketStream } from './layout.ts'

/** The buckets that there are of a tenant, whoever made them. Throws `unavailable`. */
export async function bucketNames(nc: NatsConnection, tenant: string): Promise<readonly string[]> {
  const prefix = bucketStream(tenant, '')
  const names: string[] = []
  for (let offset = 0, total = 1; offset < total; ) {
    const options = { what: 'NATS JetStream', deadlineMs: limits.readDeadlineMs }
    const reply = await request(nc, '$JS.API.STREAM.NAMES', JSON.stringify({ offset }), options)
    const page = reply.json<StreamNames>()
    if (page.error !== undefined) {
      throw new WeirError('unavailable', `NATS JetStream did not answer (${page.error.description}); try again.`)
    }
    const streams = page.streams ?? []
    if (streams.length === 0) break
    names.push(...streams.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)))
    total = page.total
    offset += streams.length
  }
  return names.sort()
}

/** Of the JetStream API, a page at a time. */
interface StreamNames {
  readonly total: number
  readonly streams?: readonly string[] | null
  readonly error?: { readonly description: string }
}
