import { encodeEvent } from '@weir/proto'
import { BucketTarget, type BucketTargetOptions } from '../../bucket/bucket-target.ts'
import { DirtyKeys } from '../../bucket/dirty-keys.ts'
import { FoldedValues } from '../../bucket/folded-values.ts'
import { OverflowLog } from '../../bucket/overflow-log.ts'
import type { WindowSpec } from '../../declaration/window-spec.ts'
import { ClockSkew } from '../../event/clock-skew.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { limits } from '../../limits.ts'
import type { Projection, Rebuilding } from '../../run/projection.ts'
import { type OpenWindow, WindowFold } from './window-fold.ts'

export interface WindowStats {
  /** Events that have none of the metrics. */
  ignored: number
  /** Events that came after their window was closed. */
  late: number
  /** Readings that were left out because too many windows are open. */
  overflowed: number
}

/**
 * Writes the statistics of windows while they are open; where the windows of a key share it, those
 * of the newest that has closed, so that what is shown is whole and does not depend on who came
 * first into the next. Nothing of an open window is kept but in memory: after a restart the events
 * of every window that may still be open are read again, and the stamps in the bucket tell which
 * values are old news.
 */
export class WindowProjection implements Projection {
  readonly warmUpMs: number
  readonly reachMs: number
  readonly target: BucketTarget
  readonly effects: FoldedValues
  readonly rebuilding: Rebuilding
  readonly stats: WindowStats = { ignored: 0, late: 0, overflowed: 0 }
  readonly skew: ClockSkew = new ClockSkew()
  readonly #spec: WindowSpec
  readonly #overflow: OverflowLog
  readonly #fold: WindowFold
  readonly #changed = new Map<string, Change>()
  readonly #dirty: DirtyKeys
  /** Of the last event that was folded in. */
  #epoch = 0

  constructor(options: BucketTargetOptions & { readonly spec: WindowSpec }) {
    const { spec, log } = options
    this.#spec = spec
    const tooMany = 'too many windows are open; declare fewer metrics, keys or percentiles'
    this.#overflow = new OverflowLog(log, spec.name, tooMany)
    this.warmUpMs = spec.sizeMs + spec.latenessMs + limits.skewMaxMs
    this.reachMs = spec.ttlMs + this.warmUpMs
    this.target = new BucketTarget(options)
    this.#fold = new WindowFold(spec, limits.windowSeriesMax)
    this.#dirty = new DirtyKeys(spec.everyMs, limits.dirtyKeysMax, (keys) => this.#write(keys))
    this.effects = new FoldedValues(this.target, this.#dirty, () => this.#forget())
    this.rebuilding = this.effects.rebuilding
  }

  get openWindows(): number {
    return this.#fold.openWindows
  }

  open(): Promise<void> {
    return this.effects.open()
  }

  take(record: EventRecord): void | Promise<void> {
    const { event, happenedAtMs: timeMs, storedAtMs, seq, epoch } = record
    this.#close(storedAtMs, epoch)
    if (!this.#spec.metrics.mayBeIn(event)) {
      this.stats.ignored++
      return
    }
    const key = this.#spec.key.keyOf(record, this.#fold.startOf(timeMs))
    if (!this.target.owns(key)) return
    this.skew.note(record)
    const added = this.#fold.add(key, event, timeMs, seq, storedAtMs)
    if (typeof added === 'string') {
      this.#count(added)
      return
    }
    if (this.#spec.key.windowed) this.#show(added, epoch)
    else this.#epoch = epoch
    return this.target.relief()
  }

  /**
   * The clock of the machine is not the one that stored the events, so it closes windows with a
   * margin.
   */
  idle(nowMs: number): void {
    this.#close(nowMs - limits.skewMaxMs, this.#epoch)
  }

  #close(storedAtMs: number, epoch: number): void {
    const closed = this.#fold.close(storedAtMs)
    if (this.#spec.key.windowed) return
    for (const window of closed) this.#show(window, epoch)
  }

  #show(window: OpenWindow, epoch: number): void {
    this.#changed.set(window.key, { window, epoch })
    this.#dirty.add(window.key)
  }

  #forget(): void {
    this.#fold.clear()
    this.#changed.clear()
  }

  #write(keys: Iterable<string>): void {
    for (const key of keys) {
      const change = this.#changed.get(key)
      if (change === undefined) continue
      const { window, epoch } = change
      const payload = encodeEvent(this.#fold.toEvent(window))
      this.target.put(key, { epoch, seq: window.seq }, window.storedAtMs, payload)
    }
    this.#changed.clear()
  }

  #count(outcome: 'late' | 'full' | 'nothing'): void {
    if (outcome === 'late') this.stats.late++
    else if (outcome === 'nothing') this.stats.ignored++
    else {
      this.stats.overflowed++
      this.#overflow.say()
    }
  }
}

/** A window that has to be written; it may be closed before that happens. */
interface Change {
  readonly window: OpenWindow
  readonly epoch: number
}
