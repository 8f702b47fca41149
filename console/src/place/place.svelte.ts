import { limits } from '../limits.ts'

/** The pages, in the order of the rail, each with its key. */
export type Page = 'start' | 'live' | 'state' | 'history' | 'alerts' | 'mesh' | 'boards'
export const pages: readonly Page[] = ['start', 'live', 'state', 'history', 'alerts', 'mesh', 'boards']
export const pageKeys: Readonly<Record<Page, string>> = {
  start: 's',
  live: 'l',
  state: 't',
  history: 'h',
  alerts: 'a',
  mesh: 'm',
  boards: 'b',
}

/** The pages that show what the filter of the address matches. */
export const filteredPages: ReadonlySet<Page> = new Set(['live', 'state', 'history', 'alerts'])

export const ranges = ['5m', '15m', '1h', '6h', '24h', '7d'] as const
export type Range = (typeof ranges)[number]
export const rangeMs: Readonly<Record<Range, number>> = {
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
}

/** Which event of a subject: its sequence, and when it happened, by which an old one is found. */
export interface EventPlace {
  readonly seq: number
  /** Milliseconds since the Unix epoch. */
  readonly timeMs?: number | undefined
}

/**
 * Where the person is: everything that a link must carry. The address is its only store, so reload,
 * back and a sent link show the same.
 */
export class Place {
  #search = $state.raw(new URLSearchParams())
  #page: Page = $state('start')
  readonly #marked: string | undefined = $derived(this.#search.get('at') ?? this.#search.get('row') ?? undefined)
  /** The marked row that an address came with, until a row shows it or the person goes on. */
  due: string | undefined = $state()
  /** What the address bar is to say, while it was changed a moment ago. */
  #due: string | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    this.#read()
    addEventListener('popstate', () => {
      this.#due = undefined
      this.#read()
    })
    addEventListener('pagehide', () => this.#settle())
  }

  get page(): Page {
    return this.#page
  }

  get filter(): string {
    return this.#search.get('filter') ?? ''
  }

  get range(): Range {
    const asked = this.#search.get('range')
    return ranges.find((range) => range === asked) ?? '15m'
  }

  /** The subject whose details are open. */
  get row(): string | undefined {
    return this.#search.get('row') ?? undefined
  }

  /**
   * The row that is marked: the one whose details are open, or the one that j and k came to. It is
   * named by what it is, such as its subject, as rows change their places.
   */
  get marked(): string | undefined {
    return this.#marked
  }

  /** The event of that subject, where one is meant and not the newest. */
  get event(): EventPlace | undefined {
    const seq = numberOf(this.#search.get('seq'))
    const timeMs = numberOf(this.#search.get('time')) ?? Number.NaN
    if (seq === undefined) return undefined
    return Math.abs(timeMs) < LAST_MS ? { seq, timeMs } : { seq }
  }

  /** Whether details stand beside the page: of a subject, or of a dead letter. */
  get drawn(): boolean {
    return this.row !== undefined || this.get('letter') !== undefined
  }

  /** What only one page knows: `bucket`, `board`, `step`, variables of a board (`$branch`). */
  get(name: string): string | undefined {
    return this.#search.get(name) ?? undefined
  }

  get variables(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...this.#search].filter(([name]) => name.startsWith('$')).map(([name, value]) => [name.slice(1), value]),
    )
  }

  /** Another page; the filter and the range go along, what belongs to the page does not. */
  go(page: Page, params: Readonly<Record<string, string | undefined>> = {}): void {
    const search = new URLSearchParams()
    for (const name of ['filter', 'range']) {
      const value = this.#search.get(name)
      if (value !== null) search.set(name, value)
    }
    this.#write(page, merged(search, params), true)
  }

  /**
   * The same page with other parameters, undefined to leave one out. `push` makes a step that
   * "back" undoes.
   */
  set(params: Readonly<Record<string, string | undefined>>, push = false): void {
    this.#write(this.#page, merged(new URLSearchParams(this.#search), params), push)
  }

  /** Marks a row. The address is changed in its place: "back" does not go through rows. */
  mark(name: string, event?: EventPlace): void {
    this.set({ at: name, ...paramsOf(event) })
  }

  /**
   * Opens the details of a subject. "Back" closes them, and does not go through those seen there.
   */
  open(subject: string, event?: EventPlace): void {
    this.set({ row: subject, ...paramsOf(event), at: undefined }, this.row === undefined)
  }

  /** Another event of the subject whose details are open; undefined for the newest. */
  pick(event: EventPlace | undefined): void {
    this.set(paramsOf(event))
  }

  /** Closes the details; their row stays marked. */
  close(): void {
    this.set({ at: this.marked, row: undefined, tab: undefined })
  }

  /** Shows what matches another filter: on this page, or where it has none on the live page. */
  filterTo(filter: string): void {
    if (filteredPages.has(this.#page)) this.set({ filter }, true)
    else this.go('live', { filter })
  }

  /** The address of a page, for a link. */
  href(page: Page): string {
    const search = new URLSearchParams()
    if (this.filter !== '') search.set('filter', this.filter)
    if (this.#search.has('range')) search.set('range', this.range)
    return addressOf(page, search)
  }

  #write(page: Page, search: URLSearchParams, push: boolean): void {
    const address = addressOf(page, search)
    if (push) {
      this.#settle()
      history.pushState(null, '', address)
    } else this.#replace(address)
    this.#page = page
    this.#search = search
    this.due = undefined
  }

  /** A key that is held changes the address thirty times a second, for which Safari throws. */
  #replace(address: string): void {
    this.#due = address
    if (this.#timer !== undefined) return
    this.#settle()
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#settle()
    }, limits.addressMs)
  }

  #settle(): void {
    if (this.#due !== undefined) history.replaceState(null, '', this.#due)
    this.#due = undefined
  }

  #read(): void {
    const last = location.pathname.split('/').at(-1) ?? ''
    this.#page = pages.find((page) => page === last) ?? 'start'
    this.#search = new URLSearchParams(location.search)
    this.due = this.#marked
  }
}

function paramsOf(event: EventPlace | undefined): Readonly<Record<'seq' | 'time', string | undefined>> {
  const { seq, timeMs } = event ?? {}
  return { seq: seq?.toString(), time: timeMs === undefined ? undefined : String(Math.floor(timeMs)) }
}

function numberOf(text: string | null): number | undefined {
  const number = Number(text ?? Number.NaN)
  return Number.isFinite(number) ? number : undefined
}

/** No Date is later (ECMA-262, time values). */
const LAST_MS = 8.64e15

/** One path segment deep, so that the page's relative addresses stay right under any prefix. */
function addressOf(page: Page, search: URLSearchParams): string {
  const folder = location.pathname.slice(0, location.pathname.lastIndexOf('/') + 1)
  // A person reads it: what a query may hold as it is stays as it is.
  const query = search
    .toString()
    .replaceAll('%24', '$')
    .replaceAll('%2A', '*')
    .replaceAll('%2C', ',')
    .replaceAll('%3E', '>')
  return `${folder}${page === 'start' ? '' : page}${query === '' ? '' : `?${query}`}`
}

function merged(search: URLSearchParams, params: Readonly<Record<string, string | undefined>>): URLSearchParams {
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === '') search.delete(name)
    else search.set(name, value)
  }
  return search
}
