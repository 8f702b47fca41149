import { limits } from '../limits.ts'
import { serverNowMs } from '../link/server-time.ts'
import type { BoardFeed } from './board-feed.svelte.ts'
import { drawSoon } from './draw-queue.ts'
import { TileValue } from './tile-value.ts'

/** What a tile reads. */
export interface Reading {
  readonly source: string
  readonly filter: string
  readonly field: string | undefined
}

/**
 * The latest value of each subject of a reading. It is told to those who watch, once a frame; while
 * nobody does, only the values are kept.
 */
export class TileValues {
  /** Grows with each frame that has something new. */
  version: number = $state(0)
  /** Whether the last frame brought changes, not only a snapshot. */
  changed: boolean = false
  readonly values: Map<string, TileValue> = new Map()
  /** Subjects that changed since the last frame. */
  readonly fresh: Set<string> = new Set()
  readonly #stop: () => void
  #watchers = 0
  #scheduled = false
  #changed = false

  constructor(feed: BoardFeed, { source, filter, field }: Reading) {
    this.#stop = feed.watch(source, filter, {
      entry: (entry, isChange) => {
        const { subject } = entry
        if (this.values.size >= limits.tileValuesMax && !this.values.has(subject)) return
        this.values.set(subject, new TileValue(entry, field, isChange ? serverNowMs() : undefined))
        if (this.#watchers === 0) return
        if (isChange) {
          this.fresh.add(subject)
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

  /** From here on `version` grows, until the returned function is called. */
  watch(): () => void {
    this.#watchers++
    if (this.values.size > 0) this.version++
    return () => {
      this.#watchers--
    }
  }

  close(): void {
    this.#stop()
  }

  #soon(): void {
    if (this.#scheduled || this.#watchers === 0) return
    this.#scheduled = true
    drawSoon(() => {
      this.#scheduled = false
      this.changed = this.#changed
      this.#changed = false
      this.version++
      queueMicrotask(() => this.fresh.clear())
    })
  }
}
