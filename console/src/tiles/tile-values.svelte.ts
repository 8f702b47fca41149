import type { Entry } from '@weir/client'
import type { Fold, Tile } from '../boards/board.ts'
import type { BoardFeed } from '../boards/board-feed.ts'
import { eventTimeMs } from '../data/event-words.ts'
import { type Field, fieldsOf, numberOf } from '../data/fields.ts'
import { limits } from '../limits.ts'

/** The value of one subject that a tile reads. */
export interface TileValue {
  readonly subject: string
  readonly entry: Entry
  readonly field: Field | undefined
  readonly number: number | undefined
  readonly heardMs: number
}

/**
 * The latest value of each subject of a tile's filter, by its field. Watchers run once a picture.
 */
export class TileValues {
  /** Grows with each picture that has something new. */
  version: number = $state(0)
  /** Whether the last picture brought changes, not only a snapshot. */
  changed: boolean = false
  readonly values: Map<string, TileValue> = new Map()
  /** Subjects that changed since the last picture. */
  readonly fresh: Set<string> = new Set()
  readonly #stop: () => void
  #scheduled = false
  #changed = false

  constructor(feed: BoardFeed, tile: Tile, filter: string) {
    const { field: wanted } = tile
    this.#stop = feed.watch(tile.source ?? 'latest', filter, {
      entry: (entry, isChange) => {
        let fields: readonly Field[] = []
        let timeMs: number | undefined
        try {
          fields = fieldsOf(entry.event)
          timeMs = eventTimeMs(entry.event)
        } catch {
          // What is no event has no value.
        }
        const field =
          wanted === undefined
            ? (fields.find(({ value }) => typeof value !== 'boolean' && numberOf(value) !== undefined) ?? fields[0])
            : fields.find(({ name }) => name === wanted)
        const heardMs = isChange ? Date.now() : Math.min(timeMs ?? Date.now(), Date.now())
        if (this.values.size < limits.tileValuesMax || this.values.has(entry.subject)) {
          this.values.set(entry.subject, {
            subject: entry.subject,
            entry,
            field,
            number: numberOf(field?.value),
            heardMs,
          })
        }
        if (isChange) {
          this.fresh.add(entry.subject)
          this.#changed = true
        }
        this.#soon()
      },
      removed: (subject) => {
        this.values.delete(subject)
        this.#soon()
      },
      reset: () => {
        this.values.clear()
        this.#soon()
      },
    })
  }

  close(): void {
    this.#stop()
  }

  #soon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    drawn(() => {
      this.#scheduled = false
      this.changed = this.#changed
      this.#changed = false
      this.version++
      queueMicrotask(() => this.fresh.clear())
    })
  }
}

/** What waits for the next picture: one request of a frame for all tiles. */
let waiting: (() => void)[] = []

function drawn(action: () => void): void {
  waiting.push(action)
  if (waiting.length > 1) return
  requestAnimationFrame(() => {
    const actions = waiting
    waiting = []
    for (const each of actions) each()
  })
}

/** One number of many; undefined when there is none. */
export function folded(values: Iterable<TileValue>, fold: Fold): number | undefined {
  let count = 0
  let sum = 0
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  let last: TileValue | undefined
  for (const value of values) {
    count++
    if (value.number === undefined) continue
    sum += value.number
    least = Math.min(least, value.number)
    most = Math.max(most, value.number)
    if (last === undefined || value.entry.seq > last.entry.seq) last = value
  }
  if (fold === 'count') return count
  if (last === undefined) return undefined
  switch (fold) {
    case 'sum':
      return sum
    case 'mean':
      return sum / count
    case 'min':
      return least
    case 'max':
      return most
    case 'last':
      return last.number
  }
}

/** Good, amber or red by a tile's bounds; when red lies below amber it counts downwards. */
export function toneOf(value: number | undefined, { warn, bad }: Pick<Tile, 'warn' | 'bad'>): 'plain' | 'warn' | 'bad' {
  if (value === undefined) return 'plain'
  const down = warn !== undefined && bad !== undefined && bad < warn
  const past = (bound: number | undefined): boolean => bound !== undefined && (down ? value <= bound : value >= bound)
  if (past(bad)) return 'bad'
  return past(warn) ? 'warn' : 'plain'
}
