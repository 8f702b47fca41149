import type { Cursor, Mode } from '@weir/proto'
import type { StreamReader } from './cursor/stream-reader.ts'
import type { ChannelKind } from './delivery/channel-kind.ts'
import type { LogBounds } from './log/log-bounds.ts'

/** The bounds of a source, and all that it needs of the world. */
export interface SourceOptions {
  /** "events" or a bucket. */
  readonly name: string
  readonly bounds: LogBounds
  readonly reader: StreamReader
  /** Whether values can go, by deletion or expiry: true for buckets. */
  readonly hasRemovals: boolean
  /** Most bytes of a batch for all that are caught up, unless one entry is larger. */
  readonly batchBytesMax: number
  /** Returns a number that no other channel of the hub has. */
  nextChannel(): number
  /** Requests a pass soon. */
  requestPass(): void
  /** Returns milliseconds that never decrease. */
  now(): number
  /** Returns how often the log was found to have everything that its stream had. */
  comparisons(): number
  /** Requests a comparison of the log with its stream now. */
  requestComparison(): void
  /** Calls a function once after some milliseconds. Returns a function that cancels it. */
  later(ms: number, action: () => void): () => void
  onReadFailed(thrown: unknown): void
}

/** A request to subscribe. Its filters are valid and need not be canonical. */
export interface SubscribeRequest extends ChannelKind {
  readonly id: number
  readonly mode: Mode
  readonly cursor: Cursor | undefined
}
