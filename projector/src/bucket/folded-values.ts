import type { ValueStamp } from '@weir/mesh'
import type { Effects, Rebuilding } from '../run/projection.ts'
import type { BucketTarget } from './bucket-target.ts'
import type { DirtyKeys } from './dirty-keys.ts'

/**
 * Values of a bucket that are each folded from many events, and written a moment after the first of
 * them. What is remembered of the events is the projection's, and forgotten where it begins anew.
 */
export class FoldedValues implements Effects {
  readonly rebuilding: Rebuilding
  readonly #target: BucketTarget
  readonly #dirty: DirtyKeys
  readonly #forgetEvents: () => void

  constructor(target: BucketTarget, dirty: DirtyKeys, forgetEvents: () => void) {
    this.#target = target
    this.#dirty = dirty
    this.#forgetEvents = forgetEvents
    this.rebuilding = target.rebuilding(
      () => this.#forget(),
      () => dirty.flush(),
    )
  }

  /** Learns what the bucket holds; `adopt` is given each value. */
  async open(adopt?: (key: string, stamp: ValueStamp, payload: Uint8Array) => void): Promise<void> {
    this.#forget()
    this.#target.writer.reset()
    await this.#target.writer.load(adopt)
  }

  flushed(): Promise<void> {
    this.#dirty.flush()
    return this.#target.flushed()
  }

  blocked(): string | undefined {
    return this.#target.blocked()
  }

  targetEpoch(): Promise<number> {
    return this.#target.targetEpoch()
  }

  close(): void {
    this.#dirty.clear()
    this.#target.close()
  }

  #forget(): void {
    this.#forgetEvents()
    this.#dirty.clear()
  }
}
