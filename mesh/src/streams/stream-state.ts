import type { StreamInfo } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { request } from '../connection/request.ts'

/** How a stream stands at the moment. */
export interface StreamState {
  /**
   * Which incarnation it is: its creation time in microseconds since the Unix epoch, of a mirror
   * that of its origin.
   */
  readonly epoch: number
  /** 0 in a stream that never held a message. */
  readonly firstSeq: number
  readonly lastSeq: number
  /** When they were stored, in microseconds since the Unix epoch; 0 in an empty stream. */
  readonly firstAtUs: number
  readonly lastAtUs: number
  readonly messages: number
  readonly bytes: number
  /** What it may grow to; 0 when nothing bounds it. */
  readonly maxBytes: number
  /** 0 when messages do not age. */
  readonly maxAgeMs: number
  /** Over how many streams the events of its tenant are spread, this one among them. */
  readonly shards: number
}

/**
 * Throws `not_found` when there is no such stream and `unavailable` when JetStream does not answer.
 */
export async function streamState(nc: NatsConnection, stream: string): Promise<StreamState> {
  const reply = await request(nc, `$JS.API.STREAM.INFO.${stream}`, '', {
    what: 'NATS JetStream',
    deadlineMs: limits.readDeadlineMs,
  })
  const info = reply.json<StreamInfo | ApiFault>()
  if ('error' in info) {
    if (info.error.err_code === STREAM_NOT_FOUND) {
      throw new WeirError('not_found', `There is no stream ${stream}: ${remedy(stream)} makes it.`)
    }
    throw new WeirError('unavailable', `NATS JetStream did not answer (${info.error.description}); try again.`)
  }
  return {
    epoch: epochOfStream(info.created, info.config.metadata),
    firstSeq: info.state.first_seq,
    lastSeq: info.state.last_seq,
    firstAtUs: Math.max(0, epochOf(info.state.first_ts)),
    lastAtUs: Math.max(0, epochOf(info.state.last_ts)),
    messages: info.state.messages,
    bytes: info.state.bytes,
    maxBytes: Math.max(0, info.config.max_bytes),
    maxAgeMs: Number(info.config.max_age) / 1_000_000,
    shards: shardsOf(info.config.metadata),
  }
}

/** How many streams share the events of a tenant, by the metadata of any of them. */
export function shardsOf(metadata: Readonly<Record<string, string>> | undefined): number {
  return Number(metadata?.[SHARDS] ?? 1)
}

/** The metadata of a stream that is one of several. */
export const SHARDS = 'weir.shards'

/** The metadata of a mirror: the epoch of its origin, whose sequences it has. */
export const EPOCH = 'weir.epoch'

export function epochOfStream(created: string | Date, metadata: Readonly<Record<string, string>> | undefined): number {
  return Number(metadata?.[EPOCH] ?? epochOf(created))
}

interface ApiFault {
  readonly error: { readonly err_code: number; readonly description: string }
}

/**
 * Microseconds of an RFC 3339 time with nanoseconds; a Date would merge streams made in the same
 * millisecond.
 */
export function epochOf(created: string | Date): number {
  const text = typeof created === 'string' ? created : created.toISOString()
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? ''
  return Math.floor(Date.parse(text) / 1000) * 1_000_000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

/** `err_code` of the JetStream API. */
const STREAM_NOT_FOUND = 10059

/** The buckets of no tenant (`KV_mesh`) are made with those of any. */
function remedy(stream: string): string {
  const tenant = /^(?:EV|DLQ)_([a-z0-9-]+)|^KV_([a-z0-9-]+)_/.exec(stream)
  return `"weir tenant create ${tenant?.[1] ?? tenant?.[2] ?? '<name>'}"`
}
