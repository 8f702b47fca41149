import type { StreamMessage, StreamState } from '@weir/mesh'
import type { Position, ShardPosition } from './position.ts'
import type { ReadWants } from './start-sequence.ts'

/**
 * What a projection reads: one stream, or those of a sharded tenant's events as if they were one.
 */
export interface SourceLog {
  /** What the subjects of its messages begin with. */
  readonly subjects: string
  state(): Promise<StreamState>
  /** Before the first event of each of several streams, as they were when `state` was asked. */
  readonly beginnings: readonly ShardPosition[] | undefined
  /** From where a projection has to read. */
  start(position: Position, state: StreamState, projection: ReadWants): Promise<LogStart>
  /** @param filters of subjects, as users name them */
  reader(filters: readonly string[], start: LogStart, position: Position): LogReader
}

/** A beginning in each stream: the first sequence that is read. */
export interface LogStart {
  /** The first place that is read. */
  readonly seq: number
  /** The first sequence of each stream of several. */
  readonly shards?: readonly number[]
}

export interface LogReader {
  /**
   * Resolves when it is closed, or the handler says `stop`. Throws what the handler throws, and
   * `unavailable`.
   */
  run(handler: LogHandler): Promise<void>
  /** The same for what is stored already. */
  runToHead(handler: LogHandler): Promise<void>
  readonly atHead: boolean
  close(): void
}

export type LogHandler = (message: LogMessage) => LogVerdict | Promise<LogVerdict>

type LogVerdict = undefined | 'stop'

export interface LogMessage
  extends Pick<StreamMessage, 'subject' | 'seq' | 'storedAtMs' | 'pending' | 'payload' | 'removal'> {
  /** Where it lies, where `seq` is its place among several streams. */
  readonly shard?: ShardPlace
}

/** A message of one of several streams. */
export interface ShardPlace {
  readonly index: number
  /** Incarnation of the stream. */
  readonly epoch: number
  /** Its sequence there. */
  readonly seq: number
  /** It has come after messages of later places. */
  readonly isLate: boolean
}
