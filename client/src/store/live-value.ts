import type { Readable } from '../session/connection-status.ts'

/** What changes by itself while somebody watches: a store of this folder. */
export interface Source<Snapshot> {
  readonly snapshot: Snapshot
  onChange(run: () => void): () => void
  close(): void
}

/**
 * A value that is live while somebody watches it: the first watcher opens its source, and shortly
 * after the last one has gone the source is closed. A Svelte store, and by `onChange` and `value`
 * what React's useSyncExternalStore takes.
 */
export class LiveValue<Snapshot> implements Readable<Snapshot> {
  readonly #open: () => Source<Snapshot>
  readonly #empty: Snapshot
  #source: Source<Snapshot> | undefined
  #watchers = 0

  constructor(empty: Snapshot, open: () => Source<Snapshot>) {
    this.#empty = empty
    this.#open = open
  }

  /** The same object until something changes. */
  get value(): Snapshot {
    return this.#source?.snapshot ?? this.#empty
  }

  onChange(run: () => void): () => void {
    this.#source ??= this.#open()
    this.#watchers++
    const forget = this.#source.onChange(run)
    let isGone = false
    return () => {
      if (isGone) return
      isGone = true
      forget()
      this.#watchers--
      // Frameworks take a component away and put it back at once: that is no reason to subscribe
      // again.
      setTimeout(() => this.#closeUnwatched(), 0)
    }
  }

  subscribe(run: (value: Snapshot) => void): () => void {
    const forget = this.onChange(() => run(this.value))
    run(this.value)
    return forget
  }

  #closeUnwatched(): void {
    if (this.#watchers > 0) return
    this.#source?.close()
    this.#source = undefined
  }
}
