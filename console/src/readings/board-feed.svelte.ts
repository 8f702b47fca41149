import type { Entry, Weir } from '@weir/client'
import { canonicalFilters, compileFilters } from '@weir/proto/filter'
import { eventTest } from '../data/event-test.ts'
import { parseQuery } from '../data/query.ts'
import { limits } from '../limits.ts'
import { serverNowMs } from '../link/server-time.ts'
import type { Desk } from '../place/desk.ts'
import { Feed } from '../series/feed.ts'
import { HeardEntry } from './heard-entry.ts'

export interface TileReader {
  entry(heard: HeardEntry, isChange: boolean): void
  removed?(subject: string): void
  reset?(): void
}

interface Watcher {
  readonly filters: readonly string[]
  readonly matches: (subject: string) => boolean
  readonly wanted: ((event: Entry['event']) => boolean) | undefined
  readonly reader: TileReader
}

/**
 * What the tiles of a board read: one subscription a source for all of them, however many they are,
 * and a table from each subject to the tiles that want it, filled as subjects come.
 */
export class BoardFeed {
  /** Why some of it cannot be read; empty while all can. */
  fault: string = $state('')
  readonly #desk: Desk
  readonly #weir: Weir
  readonly #sources = new Map<string, SourceFeed>()
  /** By the source that cannot be read. */
  readonly #faults = new Map<string, string>()

  constructor(desk: Desk, weir: Weir) {
    this.#desk = desk
    this.#weir = weir
  }

  get weir(): Weir {
    return this.#weir
  }

  /** What is returned ends it. */
  watch(source: string, text: string, reader: TileReader): () => void {
    const query = parseQuery(text)
    // What is no filter would mean every subject; its tile says so.
    if (query.wrong.length > 0) return () => undefined
    let feed = this.#sources.get(source)
    if (feed === undefined) {
      feed = new SourceFeed(this.#desk, this.#weir, source, (message) => this.#say(source, message))
      this.#sources.set(source, feed)
    }
    const watcher = { filters: query.filters, matches: compileFilters(query.filters), wanted: eventTest(query), reader }
    feed.add(watcher)
    return () => feed.remove(watcher)
  }

  close(): void {
    for (const feed of this.#sources.values()) feed.close()
    this.#sources.clear()
  }

  #say(source: string, message: string): void {
    if (message === '') this.#faults.delete(source)
    else this.#faults.set(source, message)
    this.fault = [...this.#faults.values()].at(-1) ?? ''
  }
}

class SourceFeed {
  readonly #desk: Desk
  readonly #weir: Weir
  readonly #source: string
  /** Says why it can read no more; nothing while it can. */
  readonly #ended: (message: string) => void
  readonly #watchers = new Set<Watcher>()
  readonly #bySubject = new Map<string, readonly Watcher[]>()
  #feeds: Feed[] = []
  #planned = false
  #closed = false

  constructor(desk: Desk, weir: Weir, source: string, ended: (message: string) => void) {
    this.#desk = desk
    this.#weir = weir
    this.#source = source
    this.#ended = ended
  }

  add(watcher: Watcher): void {
    this.#watchers.add(watcher)
    this.#plan()
  }

  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher)
    this.#bySubject.clear()
    if (this.#watchers.size === 0) this.#plan()
  }

  close(): void {
    this.#closed = true
    for (const feed of this.#feeds) feed.close()
  }

  /** All tiles of a board come in one turn: one subscription is opened after it. */
  #plan(): void {
    if (this.#planned) return
    this.#planned = true
    queueMicrotask(() => {
      this.#planned = false
      if (!this.#closed) this.#open()
    })
  }

  #open(): void {
    for (const feed of this.#feeds) feed.close()
    this.#feeds = []
    this.#ended('')
    this.#bySubject.clear()
    const filters = canonicalFilters([...this.#watchers].flatMap((watcher) => watcher.filters))
    for (let at = 0; at < filters.length; at += limits.boardFiltersMax) {
      const options = {
        source: this.#source,
        filters: filters.slice(at, at + limits.boardFiltersMax),
        intervalMs: limits.boardIntervalMs,
      }
      this.#feeds.push(
        new Feed(this.#desk, this.#weir, options, {
          entry: (entry, isChange) => {
            const wanting = this.#wanting(entry.subject)
            if (wanting.length === 0) return
            const heard = new HeardEntry(entry.detached(), isChange ? serverNowMs() : undefined)
            for (const { wanted, reader } of wanting) {
              if (wanted === undefined || wanted(heard.entry.event)) reader.entry(heard, isChange)
              // What was wanted before is another thing now.
              else reader.removed?.(entry.subject)
            }
          },
          removed: ({ subject }) => {
            for (const { reader } of this.#wanting(subject)) reader.removed?.(subject)
          },
          ended: ({ message }) => this.#ended(message),
          reset: () => {
            if (filters.length <= limits.boardFiltersMax) for (const { reader } of this.#watchers) reader.reset?.()
          },
        }),
      )
    }
  }

  #wanting(subject: string): readonly Watcher[] {
    let wanting = this.#bySubject.get(subject)
    if (wanting === undefined) {
      wanting = [...this.#watchers].filter(({ matches }) => matches(subject))
      if (this.#bySubject.size >= limits.boardSubjectsMax) this.#bySubject.clear()
      this.#bySubject.set(subject, wanting)
      this.#desk.seen.add(subject)
    }
    return wanting
  }
}
