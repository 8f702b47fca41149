import { type Entry, type LatestStore, latestStore, type Weir } from '@weir/client'

/** One line of the live table. */
export interface Row {
  readonly subject: string
  readonly entry: Entry
  /** Whether it has changed since the table first showed it. */
  readonly changed: boolean
}

/** The rows of the live table: the latest entry of each subject under a filter, in the order of the subjects. */
export class LiveRows {
  rows: readonly Row[] = $state.raw([])
  /** Entries of subjects that found no place. */
  leftOut: number = $state(0)
  /** Changes that were shown in the last second. */
  perSecond: number = $state(0)
  /** Why there is nothing more to show; empty while all is well. */
  fault: string = $state('')

  readonly #weir: Weir
  readonly #bySubject = new Map<string, Row>()
  #store: LatestStore | undefined
  #paused = false
  #changes = 0

  constructor(weir: Weir) {
    this.#weir = weir
  }

  /** Shows what matches this filter from now on. */
  show(filter: string): void {
    this.#store?.close()
    this.#bySubject.clear()
    this.rows = []
    this.leftOut = 0
    this.fault = ''
    const store = latestStore(this.#weir.subscribe({ source: 'latest', filter, mode: 'LATEST' }))
    this.#store = store
    store.subscribe(() => this.#update(store))
  }

  /** While paused the rows stay as they are; what came meanwhile is shown at once afterwards. */
  set paused(paused: boolean) {
    this.#paused = paused
    if (!paused && this.#store !== undefined) this.#update(this.#store)
  }

  /** Call every second. */
  countSecond(): void {
    this.perSecond = this.#changes
    this.#changes = 0
  }

  close(): void {
    this.#store?.close()
  }

  #update(store: LatestStore): void {
    if (this.#paused || store !== this.#store) return
    const { entries } = store
    let changes = 0
    let subjectsChanged = false
    for (const [subject, entry] of entries) {
      const row = this.#bySubject.get(subject)
      if (row?.entry === entry) continue
      changes++
      subjectsChanged ||= row === undefined
      this.#bySubject.set(subject, { subject, entry, changed: row !== undefined })
    }
    if (this.#bySubject.size > entries.size) {
      for (const subject of this.#bySubject.keys()) if (!entries.has(subject)) this.#bySubject.delete(subject)
      subjectsChanged = true
    }
    this.#changes += changes
    if (changes > 0 || subjectsChanged) this.rows = this.#ordered(subjectsChanged)
    this.leftOut = store.leftOut
    this.fault = store.error?.message ?? ''
  }

  /** Sorting is for when a subject has come or gone; otherwise the places stay and only the rows are new. */
  #ordered(subjectsChanged: boolean): readonly Row[] {
    if (subjectsChanged) {
      return [...this.#bySubject.values()].sort((a, b) => (a.subject < b.subject ? -1 : 1))
    }
    return this.rows.map((row) => this.#bySubject.get(row.subject) ?? row)
  }
}
