import type { Entry, Weir } from '@weir/client'
import { cursorParts, parseCursor } from '@weir/proto'

/** How far a source has come: its stream, or each of those of a sharded tenant. */
export class Head {
  /** Sequences by the epoch of their stream. */
  readonly #seqs: Map<number, number>
  /** The epoch of the only stream; undefined where there are several. */
  readonly #only: number | undefined

  constructor(cursor: string) {
    const parts = cursorParts(parseCursor(cursor))
    this.#seqs = new Map(parts.map(({ epoch, seq }) => [epoch, seq]))
    this.#only = parts.length === 1 ? parts[0]?.epoch : undefined
  }

  /** Sequences of all streams together. */
  get seq(): number {
    return [...this.#seqs.values()].reduce((sum, seq) => sum + seq, 0)
  }

  isPassedBy(entry: Place): boolean {
    return entry.seq > (this.#seqs.get(this.#epochOf(entry)) ?? 0)
  }

  move(entry: Place): void {
    if (this.isPassedBy(entry)) this.#seqs.set(this.#epochOf(entry), entry.seq)
  }

  #epochOf(entry: Place): number {
    return this.#only ?? parseCursor(entry.cursor).epoch
  }
}

type Place = Pick<Entry, 'seq' | 'cursor'>

/** Questions that are on their way, by connection and source. */
const asked = new WeakMap<Weir, Map<string, Promise<Head>>>()

/**
 * How far a source has come. The many subscriptions of a board ask at the same time: one request
 * answers them all.
 */
export function headOf(weir: Weir, source: string): Promise<Head> {
  const bySource = asked.get(weir) ?? new Map<string, Promise<Head>>()
  asked.set(weir, bySource)
  const known = bySource.get(source)
  if (known !== undefined) return known
  const answer = ask(weir, source).finally(() => bySource.delete(source))
  bySource.set(source, answer)
  return answer
}

async function ask(weir: Weir, source: string): Promise<Head> {
  const { cursor } = source === 'events' ? await weir.history({ limit: 1 }) : await weir.state(source, { limit: 1 })
  return new Head(cursor)
}
