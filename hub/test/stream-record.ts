import { fromBinary } from '@bufbuild/protobuf'
import { type NatsConnection, readRange, sourceStream, sourceSubject, streamState } from '@weir/mesh'
import { EventSchema, Removal } from '@weir/proto'

/** What a source has held, whatever became of it: the measure for what subscribers were told. */
export class StreamRecord {
  /** Or a shard of it. */
  readonly tenant: string
  readonly source: string
  /**
   * A bucket keeps the newest entry of each key alone, so what else it had is known from who wrote
   * it.
   */
  readonly keepsNewest: boolean
  readonly #nc: NatsConnection
  readonly #incarnations: Map<number, Incarnation> = new Map()
  #current!: Incarnation

  constructor(nc: NatsConnection, tenant: string, source: string) {
    this.#nc = nc
    this.tenant = tenant
    this.source = source
    this.keepsNewest = source !== 'events'
  }

  get stream(): string {
    return sourceStream(this.tenant, this.source)
  }

  get current(): Incarnation {
    return this.#current
  }

  /** The stream is a new one. */
  async begin(): Promise<void> {
    const { epoch } = await streamState(this.#nc, this.stream)
    this.#current = { epoch, entries: new Map(), head: 0, floor: 0 }
    this.#incarnations.set(epoch, this.#current)
  }

  of(epoch: number): Incarnation | undefined {
    return this.#incarnations.get(epoch)
  }

  /** What was written and acknowledged. */
  note(seq: number, entry: Recorded): void {
    this.#current.entries.set(seq, entry)
  }

  /**
   * Reads what the stream has by now, by direct get; of a bucket also what the server itself put
   * there.
   */
  async follow(): Promise<void> {
    const incarnation = this.#current
    const prefix = `${sourceSubject(this.tenant, this.source)}.`
    const { lastSeq, firstSeq } = await streamState(this.#nc, this.stream)
    if (!this.keepsNewest) incarnation.floor = Math.max(incarnation.floor, firstSeq - 1)
    let after = this.keepsNewest ? 0 : incarnation.head
    for (let more = after < lastSeq; more; ) {
      const read = { seq: after + 1, filter: `${prefix}>`, messagesMax: 1000, bytesMax: 4_194_304 }
      const range = await readRange(this.#nc, this.stream, read)
      for (const { subject, seq, payload, removal } of range.messages) {
        const text = removal === Removal.UNSPECIFIED ? textOf(payload) : ''
        incarnation.entries.set(seq, { subject: subject.slice(prefix.length), removal, text })
        after = seq
      }
      more = range.more
    }
    incarnation.head = Math.max(lastSeq, after)
  }

  /** The sequences that are not known, which there must not be. */
  get unknown(): readonly number[] {
    const { entries, head } = this.#current
    return Array.from({ length: head }, (_, index) => index + 1).filter((seq) => !entries.has(seq))
  }
}

/** One life of a stream, from its creation to its deletion. */
export interface Incarnation {
  readonly epoch: number
  readonly entries: Map<number, Recorded>
  head: number
  /** Up to here retention has dropped what there was. */
  floor: number
}

export interface Recorded {
  readonly subject: string
  readonly removal: Removal
  /** What the event holds, as JSON. */
  readonly text: string
}

/** The entry of each subject that is the newest up to a sequence, removals as well. */
export function newestOf(incarnation: Incarnation, upTo: number): Map<string, number> {
  const newest = new Map<string, number>()
  for (const [seq, { subject }] of incarnation.entries) {
    if (seq <= upTo && seq > (newest.get(subject) ?? 0)) newest.set(subject, seq)
  }
  return newest
}

export function textOf(payload: Uint8Array): string {
  const { data } = fromBinary(EventSchema, payload)
  return data.case === 'json' ? data.value : ''
}
