import { type NatsConnection, type StreamState, sourceStream, sourceSubject, streamState } from '@weir/mesh'
import { Places } from './place.ts'
import type { Position, ShardPosition } from './position.ts'
import { ShardReader } from './shard-reader.ts'
import { ShardsReader } from './shards-reader.ts'
import type { LogReader, LogStart, SourceLog } from './source-log.ts'
import { type ReadWants, startSequence } from './start-sequence.ts'

/**
 * The streams of a sharded tenant's events as one log: its messages come in the order of their
 * places, which stand for sequences. Its epoch is that of the stream that was made last, so that it
 * is another one when any of them is.
 */
export class ShardedLog implements SourceLog {
  readonly subjects: string
  readonly #nc: NatsConnection
  readonly #shards: readonly string[]
  #states: readonly StreamState[] = []

  constructor(nc: NatsConnection, tenant: string, shards: readonly string[]) {
    this.#nc = nc
    this.#shards = shards
    this.subjects = `${sourceSubject(tenant, 'events')}.`
  }

  async state(): Promise<StreamState> {
    const states = await Promise.all(this.#shards.map((shard) => streamState(this.#nc, sourceStream(shard, 'events'))))
    this.#states = states
    const places = this.#places()
    const all = (of: (state: StreamState) => number): number[] => states.map(of)
    const sum = (of: (state: StreamState) => number): number => all(of).reduce((total, each) => total + each, 0)
    return {
      epoch: Math.max(...all(({ epoch }) => epoch)),
      // What came from before the first event of any stream may have lost its event.
      firstSeq: Math.max(...states.map(({ firstAtUs }, index) => places.of(index, firstAtUs))),
      lastSeq: Math.max(...states.map(({ lastAtUs }, index) => places.of(index, lastAtUs))),
      firstAtUs: Math.min(...all(({ firstAtUs }) => firstAtUs)),
      lastAtUs: Math.max(...all(({ lastAtUs }) => lastAtUs)),
      messages: sum(({ messages }) => messages),
      bytes: sum(({ bytes }) => bytes),
      maxBytes: sum(({ maxBytes }) => maxBytes),
      maxAgeMs: Math.max(...all(({ maxAgeMs }) => maxAgeMs)),
      shards: states.length,
    }
  }

  get beginnings(): readonly ShardPosition[] {
    return this.#states.map(({ epoch }) => ({ epoch, seq: 0, place: 0 }))
  }

  async start(position: Position, _state: StreamState, projection: ReadWants): Promise<LogStart> {
    const shards = await Promise.all(
      this.#states.map((state, index) => {
        const seq = position.shards?.[index]?.seq ?? 0
        return startSequence(this.#nc, this.#streamOf(index), state, { ...position, seq }, projection)
      }),
    )
    return { seq: position.seq + 1, shards }
  }

  reader(filters: readonly string[], { shards = [] }: LogStart, position: Position): LogReader {
    const places = this.#places()
    const readers = shards.map((seq, index) => {
      const known = position.shards?.[index]
      return new ShardReader({
        nc: this.#nc,
        stream: this.#streamOf(index),
        filters: filters.map((filter) => `${sourceSubject(this.#shards[index] as string, 'events')}.${filter}`),
        seq,
        index,
        epoch: this.#states[index]?.epoch ?? 0,
        places,
        // Of what is read again the places follow from the times.
        before: known !== undefined && seq === known.seq + 1 ? known.place : 0,
        prefix: `${sourceSubject(this.#shards[index] as string, 'events')}.`.length,
        subjects: this.subjects,
      })
    })
    return new ShardsReader(readers)
  }

  #streamOf(index: number): string {
    return sourceStream(this.#shards[index] as string, 'events')
  }

  #places(): Places {
    return new Places(Math.min(...this.#states.map(({ epoch }) => epoch)))
  }
}
