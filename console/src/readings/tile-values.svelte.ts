import { limits } from '../limits.ts'
import type { BoardFeed } from './board-feed.svelte.ts'
import { drawSoon, drawSpread } from './draw-queue.ts'
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
  /**
   * The same for what a person reads: of many values it grows a few times a second, as one of them
   * changes in each frame.
   */
  calmVersion: number = $state(0)
  /** Whether there were changes since `calmVersion` grew before, not only a snapshot. */
  changed: boolean = false
  readonly values: Map<string, TileValue> = new Map()
  /** Subjects that changed since the last frame. */
  readonly fresh: Set<string> = new Set()
  readonly #stop: () => void
  #watchers = 0
  #scheduled = false
  #changed = false
  #calmAtMs = Number.NEGATIVE_INFINITY
  #calmTimer: ReturnType<typeof setTimeout> | undefined
  #isCalmDue = false

  constructor(feed: BoardFeed, { source, filter, field }: Reading) {
    this.#stop = feed.watch(source, filter, {
      entry: (heard, isChange) => {
        const { subject } = heard.entry
        if (this.values.size >= limits.tileValuesMax && !this.values.has(subject)) return
        this.values.set(subject, new TileValue(heard, field))
        if (this.#watchers === 0) return
        if (isChange) {
          this.fresh.add(subject)
          this.#changed = true
        }
        this.#soon()
      },
      removed: (subject) => {
        if (this.values.delete(subject)) this.#soon()
      },
      reset: () => {
        this.values.clear()
        this.#soon()
      },
    })
  }

  /** From here on the versions grow, until the returned function is called. */
  watch(): () => void {
    this.#watchers++
    if (this.values.size > 0) {
      this.version++
      this.calmVersion++
    }
    return () => {
      this.#watchers--
    }
  }

  close(): void {
    clearTimeout(this.#calmTimer)
    this.#stop()
  }

  #soon(): void {
    if (this.#scheduled || this.#watchers === 0) return
    this.#scheduled = true
    drawSoon(() => {
      this.#scheduled = false
      this.version++
      this.#tellCalm()
      queueMicrotask(() => this.fresh.clear())
    })
  }

  /** Few values are told in this frame. */
  #tellCalm(): void {
    if (this.values.size < limits.manyValues) this.#growCalm()
    else if (!this.#isCalmDue) {
      this.#isCalmDue = true
      const waitMs = this.#calmAtMs + limits.calmMs - performance.now()
      this.#calmTimer = setTimeout(() => drawSpread(() => this.#growCalm()), Math.max(0, waitMs))
    }
  }

  #growCalm(): void {
    this.#isCalmDue = false
    this.#calmAtMs = performance.now()
    this.changed = this.#changed
    this.#changed = false
    this.calmVersion++
  }
}
