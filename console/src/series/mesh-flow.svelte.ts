import type { Entry, Weir } from '@weir/client'
import { type Lively, LivelySubjects } from '../data/lively-subjects.ts'
import { limits } from '../limits.ts'
import { serverNowMs } from '../link/server-time.ts'
import type { Desk } from '../place/desk.ts'
import { Feed } from './feed.ts'
import { Head } from './head.ts'

/** What a hub, ingest or projector says of itself every five seconds. */
export interface ServiceLoad {
  readonly kind: ServiceKind
  readonly name: string
  readonly version: string
  readonly startedMs: number
  readonly heardMs: number
  readonly metrics: Readonly<Record<string, number>>
}

export const serviceKinds = ['hub', 'ingest', 'projector'] as const
export type ServiceKind = (typeof serviceKinds)[number]

/**
 * The load of the mesh, one sample a second: events into the stream (by its sequence, so those that
 * this page does not read count too), events stored so far, entries that hubs deliver, and entries
 * that they conflate.
 */
export class MeshFlow {
  /**
   * Events a second; NaN before there is a second to compare. Oldest first,
   * `limits.flowSamplesMax` at most.
   */
  inflow: readonly number[] = $state.raw([])
  stored: readonly number[] = $state.raw([])
  delivered: readonly number[] = $state.raw([])
  conflated: readonly number[] = $state.raw([])
  /** The sequence of the last event. */
  head: number = $state(0)
  /** How many events came since the page is open. */
  sinceOpen: number = $state(0)
  services: readonly ServiceLoad[] = $state.raw([])
  readonly hubs: readonly ServiceLoad[] = $derived(this.services.filter(({ kind }) => kind === 'hub'))
  lively: readonly Lively<Entry>[] = $state.raw([])
  /** Whether events other than this machine's own load were seen; undefined until it is known. */
  used: boolean | undefined = $state()

  readonly #desk: Desk
  /** By the key of each in the bucket. */
  readonly #services = new Map<string, ServiceLoad>()
  readonly #lively = new LivelySubjects<Entry>()
  readonly #feeds: Feed[] = []
  readonly #timer: ReturnType<typeof setInterval>
  #heads: number[] = []
  /** Undefined before anything is known to be stored. */
  #head: Head | undefined
  #firstSeq = 0
  #received = 0
  #receivedBefore = 0
  #closed = false

  constructor(desk: Desk, weir: Weir) {
    this.#desk = desk
    void this.#open(weir)
    this.#timer = setInterval(() => this.#sample(), 1000)
    if (desk.link.identity?.admin === true) this.#feeds.push(new Feed(desk, weir, { source: 'mesh' }, this.#presence()))
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    for (const feed of this.#feeds) feed.close()
  }

  async #open(weir: Weir): Promise<void> {
    const cursor = await weir.history({ limit: 1 }).then(
      (page) => page.cursor,
      () => undefined,
    )
    if (this.#closed) return
    if (cursor !== undefined) this.#head = new Head(cursor)
    weir.state('latest', { limit: 100 }).then(
      ({ items }) => {
        this.used = items.some(({ subject }) => !isOwnLoad(subject)) || (this.used ?? false)
      },
      () => undefined,
    )
    const options = { intervalMs: 1000, ...(cursor === undefined ? {} : { cursor }) }
    this.#feeds.push(
      new Feed(this.#desk, weir, options, {
        entry: (entry) => {
          this.#received++
          this.#head ??= new Head(entry.cursor)
          this.#head.move(entry)
          this.#desk.seen.add(entry.subject)
          if (!isOwnLoad(entry.subject)) this.used = true
          this.#lively.changed(entry.subject, entry.detached())
        },
      }),
    )
  }

  #presence(): ConstructorParameters<typeof Feed>[3] {
    return {
      entry: ({ subject, event }) => {
        const kind = serviceKinds.find((each) => subject.startsWith(`${each}.`))
        if (kind === undefined || event.data.case !== 'reading') return
        const { version = '', started = '' } = event.labels
        this.#services.set(subject, {
          kind,
          name: subject.slice(kind.length + 1),
          version,
          startedMs: Date.parse(started),
          heardMs: serverNowMs(),
          metrics: event.data.value.metrics,
        })
        this.services = [...this.#services.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
      },
      removed: ({ subject }) => {
        this.#services.delete(subject)
        this.services = this.services.filter(({ kind, name }) => `${kind}.${name}` !== subject)
      },
      reset: () => {
        this.#services.clear()
        this.services = []
      },
    }
  }

  #sample(): void {
    const { pulse } = this.#desk
    const head = this.#head?.seq ?? 0
    if (head > 0) this.#heads = [...this.#heads, head].slice(-11)
    const first = this.#heads[0] ?? 0
    const seconds = Math.max(0, this.#heads.length - 1)
    // Over the last ten seconds: an event a second is a steady stream, not a row of ones and zeros.
    const inflow = seconds === 0 ? Number.NaN : Math.max(0, (head - first) / seconds)
    this.head = head
    this.#firstSeq ||= head
    this.sinceOpen = head - this.#firstSeq
    this.inflow = pushed(this.inflow, inflow)
    this.stored = pushed(this.stored, head === 0 ? Number.NaN : head)
    const sum = (name: string): number => this.hubs.reduce((total, { metrics }) => total + (metrics[name] ?? 0), 0)
    this.delivered = pushed(
      this.delivered,
      this.hubs.length > 0 ? sum('delivered_per_second') : this.#received - this.#receivedBefore,
    )
    this.#receivedBefore = this.#received
    this.conflated = pushed(
      this.conflated,
      this.hubs.some(({ metrics }) => 'conflated_per_second' in metrics)
        ? sum('conflated_per_second')
        : pulse.conflatedPerSecond,
    )
    this.lively = this.#lively.ranked()
  }
}

/** What this machine measures of itself flows in every mesh that `weir up` starts. */
function isOwnLoad(subject: string): boolean {
  return subject.startsWith('metrics.host.')
}

function pushed(values: readonly number[], value: number): readonly number[] {
  return [...values, value].slice(-limits.flowSamplesMax)
}
