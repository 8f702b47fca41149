import type { Cursor, Mode } from '@weir/proto'
import type { StreamReader } from './cursor/stream-reader.ts'
import type { ChannelKind } from './delivery/channel-kind.ts'
import type { LogBounds } from './log/log-bounds.ts'

/** What a source is made from: its bounds, and all that it knows of the world. */
export interface SourceOptions {
  /** "events" or a bucket. */
  readonly name: string
  readonly bounds: LogBounds
  readonly reader: StreamReader
  /** Whether values can go (deletion, expiry): true for buckets. */
  readonly hasRemovals: boolean
  /** A batch for all that are caught up is not larger than this, unless one entry is. */
  readonly batchBytesMax: number
  /** A number that no other channel of the hub has. */
  nextChannel(): number
  /** Asks for a pass soon. */
  requestPass(): void
  /** Milliseconds that only grow. */
  now(): number
  /** How often the log was found to have everything that its stream had at the moment. */
  comparisons(): number
  /** Asks for a comparison now. */
  requestComparison(): void
  /** Does something once, after a time; gives what cancels it. */
  later(ms: number, action: () => void): () => void
  onReadFailed(thrown: unknown): void
}

/** Its filters are valid; they need not be canonical. */
export interface SubscribeRequest extends ChannelKind {
  readonly id: number
  readonly mode: Mode
  readonly cursor: Cursor | undefined
}
