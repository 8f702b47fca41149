import {
  type Batch,
  type Cursor,
  cursorFromWire,
  type Gap,
  joinCursors,
  Mode,
  Start,
  type Subscribed,
} from '@weir/proto'
import { Ledger, type Wish } from './ledger.ts'

/** What one subscription was told: a ledger for each stream that its source ever had. */
export class Ledgers {
  readonly wish: Wish
  readonly #byEpoch: Map<number, Ledger> = new Map()
  readonly #faults: string[] = []
  readonly #sights: Set<string> = new Set()
  /** Of the streams that it reads now; none for one that never began or has forgotten. */
  #current: readonly Ledger[] = []
  #byChannel: Map<number, Ledger> = new Map()

  constructor(wish: Wish) {
    this.wish = wish
  }

  get all(): readonly Ledger[] {
    return [...this.#byEpoch.values()]
  }

  get current(): readonly Ledger[] {
    return this.#current
  }

  /** Rules of the protocol that were broken, as they were. */
  get faults(): readonly string[] {
    return [...this.#faults, ...this.all.flatMap(({ faults }) => faults)]
  }

  /** What it has seen, to know what a run has tried. */
  get sights(): readonly string[] {
    return [...this.#sights, ...this.all.flatMap(({ sights }) => [...sights])]
  }

  see(sight: string): void {
    this.#sights.add(sight)
  }

  /** To resume with; undefined for one that never began or has forgotten. */
  get cursor(): Cursor | undefined {
    return joinCursors(this.#current)
  }

  /** Whether it stands at the heads of streams, and reads all of them. */
  isAt(heads: readonly Cursor[]): boolean {
    return (
      this.#current.length === heads.length &&
      heads.every(({ epoch, seq }) => this.#current.some((ledger) => ledger.epoch === epoch && ledger.seq === seq))
    )
  }

  /** The application has lost its cursor and begins with nothing. */
  forget(): void {
    this.#current = []
  }

  subscribed({ channel, cursor, shards, start }: Subscribed): void {
    // Server-sent events do not say where a resume begins.
    this.see(start === Start.UNSPECIFIED ? 'a resume by SSE' : `start ${Start[start]}`)
    const wanted = this.wish.mode === Mode.LATEST ? Start.SNAPSHOT : Start.HEAD
    if (this.#current.length === 0 && start !== wanted) {
      this.#faults.push(`begins with ${Start[start]} without a cursor`)
    }
    const before = this.#current
    this.#byChannel = new Map()
    this.#current = (shards?.shards ?? [{ channel, cursor }]).map((part) => {
      const { epoch, seq } = part.cursor === undefined ? { epoch: 0, seq: 0 } : cursorFromWire(part.cursor)
      const ledger = this.#byEpoch.get(epoch) ?? new Ledger(this.wish, epoch)
      this.#byEpoch.set(epoch, ledger)
      this.#byChannel.set(part.channel, ledger)
      if (before.includes(ledger) && start !== Start.SNAPSHOT) ledger.resume(seq)
      else ledger.begin(seq, start === Start.SNAPSHOT)
      return ledger
    })
    if (this.#byChannel.size !== this.#current.length) this.#faults.push('two streams have one channel')
    if (new Set(this.#current).size !== this.#current.length) this.#faults.push('two positions are of one stream')
  }

  batch(batch: Batch): void {
    this.#ledger(batch.channel)?.batch(batch)
  }

  gap(gap: Gap): void {
    this.#ledger(gap.channel)?.gap(gap)
  }

  /** A subscription to one stream is told of gaps without a channel. */
  #ledger(channel: number): Ledger | undefined {
    const [only] = this.#current
    const ledger = this.#current.length === 1 && channel === 0 ? only : this.#byChannel.get(channel)
    if (ledger === undefined) this.#faults.push(`there is no channel ${channel}`)
    return ledger
  }
}
