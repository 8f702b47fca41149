import {
  type NatsConnection,
  StreamReader,
  type StreamState,
  sourceStream,
  sourceSubject,
  streamState,
} from '@weir/mesh'
import type { Position } from './position.ts'
import type { LogReader, LogStart, SourceLog } from './source-log.ts'
import { type ReadWants, startSequence } from './start-sequence.ts'

/** A source of one stream. */
export class StreamLog implements SourceLog {
  readonly subjects: string
  readonly beginnings = undefined
  readonly #nc: NatsConnection
  readonly #stream: string

  constructor(nc: NatsConnection, tenant: string, source: string) {
    this.#nc = nc
    this.#stream = sourceStream(tenant, source)
    this.subjects = `${sourceSubject(tenant, source)}.`
  }

  state(): Promise<StreamState> {
    return streamState(this.#nc, this.#stream)
  }

  async start(position: Position, state: StreamState, projection: ReadWants): Promise<LogStart> {
    return { seq: await startSequence(this.#nc, this.#stream, state, position, projection) }
  }

  reader(filters: readonly string[], { seq }: LogStart): LogReader {
    const { subjects } = this
    return new StreamReader({
      nc: this.#nc,
      stream: this.#stream,
      filters: filters.map((filter) => subjects + filter),
      start: { seq },
    })
  }
}
