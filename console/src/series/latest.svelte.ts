import type { Entry, Weir } from '@weir/client'
import { eventTest } from '../data/event-test.ts'
import { parseQuery } from '../data/query.ts'
import { limits } from '../limits.ts'
import type { Desk } from '../place/desk.ts'
import { Feed } from './feed.ts'

/** The value of one subject in a bucket, as a table shows it. */
export interface LatestRow {
  readonly subject: string
  readonly entry: Entry
  /**
   * When this page heard it, or when its event says that it was, whichever is later; milliseconds
   * since the Unix epoch.
   */
  readonly heardMs: number
  /** How often it changed since the page shows it. */
  readonly changes: number
  /** When it was removed; a row stays a moment, struck. */
  readonly goneMs: number | undefined
}

/** The latest value of each subject of a bucket under a filter, in the order of the subjects. */
export class Latest {
  rows: readonly LatestRow[] = $state.raw([])
  /** The subjects of the rows; the same list while none comes or goes. */
  subjects: readonly string[] = $state.raw([])
  /** Subjects that found no place. */
  leftOut: number = $state(0)
  fault: string = $state('')
  /** The age at which a value is removed; 0 when it never is. */
  ttlMs: number = $state(0)

  readonly #desk: Desk
  readonly #bySubject = new Map<string, LatestRow>()
  readonly #intervalMs: number
  #feed: Feed | undefined
  #orderStale = false
  #dirty = false
  #scheduled = false
  #left = new Set<string>()
  #paused = false

  constructor(desk: Desk, intervalMs = 0) {
    this.#desk = desk
    this.#intervalMs = intervalMs
  }

  show(weir: Weir, bucket: string, text: string): void {
    this.#feed?.close()
    this.#forget()
    this.fault = ''
    const query = parseQuery(text)
    const wanted = eventTest(query)
    const options = {
      source: bucket,
      filters: query.filters,
      ...(this.#intervalMs > 0 ? { intervalMs: this.#intervalMs } : {}),
    }
    this.#feed = new Feed(this.#desk, weir, options, {
      entry: (entry, isChange) => {
        if (wanted === undefined || wanted(entry.event)) this.#put(entry, isChange)
      },
      removed: ({ subject }) => this.#strike(subject),
      reset: () => this.#forget(),
      ended: ({ message }) => {
        this.fault = message
      },
    })
    if (bucket !== 'events') {
      weir.state(bucket, { limit: 1 }).then(
        ({ items: [first] }) => {
          this.ttlMs = first?.ttlMs ?? 0
        },
        () => undefined,
      )
    }
  }

  get(subject: string): LatestRow | undefined {
    return this.#bySubject.get(subject)
  }

  /** While paused the rows stay as they are; what came meanwhile is shown at once afterwards. */
  set paused(paused: boolean) {
    this.#paused = paused
    if (!paused) this.#soon()
  }

  close(): void {
    this.#feed?.close()
  }

  #put(entry: Entry, isChange: boolean): void {
    const { subject } = entry
    const before = this.#bySubject.get(subject)
    if (before === undefined) {
      if (this.#bySubject.size >= limits.stateSubjectsMax) {
        this.#left.add(subject)
        if (this.#left.size > limits.stateSubjectsMax) this.#left.clear()
        this.#soon()
        return
      }
      this.#desk.seen.add(subject)
      this.#orderStale = true
    }
    const changes = (before?.changes ?? 0) + (isChange ? 1 : 0)
    const heardMs = isChange ? Date.now() : Number.NaN
    this.#bySubject.set(subject, { subject, entry: entry.detached(), heardMs, changes, goneMs: undefined })
    this.#dirty = true
    this.#soon()
  }

  #strike(subject: string): void {
    const row = this.#bySubject.get(subject)
    if (row === undefined) return
    this.#bySubject.set(subject, { ...row, goneMs: Date.now() })
    this.#dirty = true
    this.#soon()
    setTimeout(() => {
      const now = this.#bySubject.get(subject)
      if (now?.goneMs === undefined) return
      this.#bySubject.delete(subject)
      this.#orderStale = true
      this.#soon()
    }, limits.goneShownMs)
  }

  #forget(): void {
    this.#bySubject.clear()
    this.#left.clear()
    this.#orderStale = true
    this.#soon()
  }

  #soon(): void {
    if (this.#scheduled || this.#paused) return
    this.#scheduled = true
    const draw = (): void => {
      this.#scheduled = false
      this.#draw()
    }
    // Between the drawings of a list of many the frames belong to scrolling.
    if (this.#bySubject.size > limits.manySubjects) setTimeout(draw, limits.manySubjectsDrawMs)
    else requestAnimationFrame(draw)
  }

  /**
   * Sorting is for when a subject has come or gone; otherwise the places stay and only the rows are
   * new.
   */
  #draw(): void {
    this.leftOut = this.#left.size
    if (!this.#dirty && !this.#orderStale) return
    if (this.#orderStale) this.subjects = [...this.#bySubject.keys()].sort()
    this.#orderStale = false
    this.#dirty = false
    const rows: LatestRow[] = []
    for (const subject of this.subjects) {
      const row = this.#bySubject.get(subject)
      if (row !== undefined) rows.push(row)
    }
    this.rows = rows
  }
}
