import type { HistoryItem, Weir } from '@weir/client'
import { eventTest, passes } from '../data/event-test.ts'
import { eventTimeMs } from '../data/event-words.ts'
import { parseQuery } from '../data/query.ts'
import { limits } from '../limits.ts'
import { serverNowMs } from '../link/server-time.ts'
import type { Desk } from '../place/desk.ts'
import { faultText } from '../words/fault-text.ts'
import { Feed } from './feed.ts'

/** The value of one subject in a bucket, as a table shows it. */
export interface LatestRow {
  readonly subject: string
  readonly entry: HistoryItem
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

/**
 * How old a value is: since it was heard here or, of a snapshot, since its event says that it was.
 * What is no event, or lies in the future, is new.
 */
export function ageOf({ entry, heardMs }: LatestRow, nowMs: number): number {
  if (!Number.isNaN(heardMs)) return nowMs - heardMs
  try {
    return nowMs - Math.min(eventTimeMs(entry.event) ?? nowMs, nowMs)
  } catch {
    return 0
  }
}

/** The latest value of each subject of a bucket under a filter, in the order of the subjects. */
export class Latest {
  /** In their order; the same list while none comes or goes. */
  subjects: readonly string[] = $state.raw([])
  /** Grows with each picture in which a value is another. */
  version: number = $state(0)
  /** Subjects that found no place. */
  leftOut: number = $state(0)
  fault: string = $state('')
  /** Whether it is known what there is. */
  opened: boolean = $state(false)
  /** The age at which a value is removed; 0 when it never is. */
  ttlMs: number = $state(0)

  readonly #desk: Desk
  readonly #bySubject = new Map<string, LatestRow>()
  readonly #intervalMs: number
  #feed: Feed | undefined
  /** Subjects that are not in the list yet. */
  #added: string[] = []
  #gone = false
  /** Whether the hub has brought anything. */
  #begun = false
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
    this.#begun = false
    this.opened = false
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
        this.#begun = true
        if (wanted === undefined || wanted(entry.event)) this.#put(entry.detached(), isChange)
      },
      removed: ({ subject }) => this.#strike(subject),
      reset: () => this.#forget(),
      ended: (error) => {
        this.fault = faultText(error)
      },
    })
    if (bucket === 'events' || bucket === 'mesh') this.opened = true
    else void this.#readFirst(weir, bucket, query.filters, wanted)
  }

  /**
   * A hub that does not hold the bucket loads all of it before it answers; the read API has the
   * first rows at once. They are void when the hub's snapshot begins.
   */
  async #readFirst(
    weir: Weir,
    bucket: string,
    filter: readonly string[],
    wanted: ReturnType<typeof eventTest>,
  ): Promise<void> {
    const feed = this.#feed
    try {
      const { items } = await weir.state(bucket, { filter, limit: limits.firstRows })
      if (feed !== this.#feed) return
      this.ttlMs = items[0]?.ttlMs ?? 0
      if (this.#begun) return
      for (const item of items) if (wanted === undefined || passes(item, wanted)) this.#put(item, false)
    } catch {
      // The hub brings the rows; how long they live stays unknown.
    } finally {
      if (feed === this.#feed) this.opened = true
    }
  }

  get(subject: string): LatestRow | undefined {
    void this.version
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

  #put(entry: HistoryItem, isChange: boolean): void {
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
      this.#added.push(subject)
    }
    const changes = (before?.changes ?? 0) + (isChange ? 1 : 0)
    const heardMs = isChange ? serverNowMs() : Number.NaN
    this.#bySubject.set(subject, { subject, entry, heardMs, changes, goneMs: undefined })
    this.#soon()
  }

  #strike(subject: string): void {
    const row = this.#bySubject.get(subject)
    if (row === undefined) return
    this.#bySubject.set(subject, { ...row, goneMs: serverNowMs() })
    this.#soon()
    setTimeout(() => {
      const now = this.#bySubject.get(subject)
      if (now?.goneMs === undefined) return
      this.#bySubject.delete(subject)
      this.#gone = true
      this.#soon()
    }, limits.goneShownMs)
  }

  #forget(): void {
    this.#bySubject.clear()
    this.#left.clear()
    this.#added = []
    this.#gone = true
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
   * What came is sorted and merged into the list, so that a snapshot of many costs a comparison a
   * subject and picture, not a whole sort.
   */
  #draw(): void {
    this.leftOut = this.#left.size
    this.version++
    if (!this.#gone && this.#added.length === 0) return
    const kept = this.#gone ? this.subjects.filter((subject) => this.#bySubject.has(subject)) : this.subjects
    this.subjects = merged(kept, this.#added.sort())
    this.#added = []
    this.#gone = false
  }
}

/** Of two sorted lists; what is in both is there once. */
function merged(some: readonly string[], more: readonly string[]): readonly string[] {
  if (more.length === 0) return some
  const all: string[] = []
  let at = 0
  for (const next of more) {
    while (at < some.length && (some[at] as string) < next) all.push(some[at++] as string)
    if (some[at] !== next && all.at(-1) !== next) all.push(next)
  }
  for (; at < some.length; at++) all.push(some[at] as string)
  return all
}
