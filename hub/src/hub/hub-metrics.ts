import type { Counter, Histogram, Metrics } from '@weir/mesh'
import type { ErrorCode } from '@weir/proto'
import type { Lag } from '../engine/delivery/lag.ts'
import type { MemoryBudget } from '../engine/log/memory-budget.ts'
import type { Admission } from '../session/admission.ts'
import type { OpenSource, Sources, SourceTotals } from '../sources/sources.ts'

/**
 * What a hub exports: read from the engine at each scrape, so that the hot path only adds numbers.
 */
export class HubMetrics {
  readonly #passes: Histogram
  readonly #closes: Counter<'code'>
  readonly #refusals: Counter<'code'>

  constructor(metrics: Metrics, hub: MeasuredHub) {
    this.#passes = metrics.histogram('pass_seconds', 'How long a round of passes took.', [0.0001, 0.001, 0.01, 0.1, 1])
    this.#closes = metrics.counter('closes_total', 'Connections that the hub closed.', ['code'])
    this.#refusals = metrics.counter('refusals_total', 'Connections and requests that were not let in.', ['code'])
    const read = (name: string, help: string, value: () => number): void => {
      metrics.gauge(name, help, [], (gauge) => gauge.set(value()))
    }
    read('connections', 'Open connections.', () => hub.admission.connections)
    read('socket_bytes', 'Bytes in the buffers of all sockets.', () => hub.socketBytes)
    read('full', '1 while the buffers of the sockets or the heap are full, and nobody is let in.', () =>
      Number(hub.admission.full),
    )
    read('ring_bytes', 'Bytes of the recent logs of all sources.', () => hub.budget.ringBytes)
    read('latest_bytes', 'Bytes of the latest tables beyond the recent logs.', () => hub.budget.keptBytes)
    read('sources', 'Sources that are open.', () => [...hub.sources].length)
    const sum = (name: string, help: string, of: (each: OpenSource) => number): void =>
      read(name, help, () => [...hub.sources].reduce((total, each) => total + of(each), 0))
    sum('channels', 'Channels.', ({ source }) => source.channelCount)
    sum('subscriptions', 'Subscriptions.', ({ source }) => source.subscriberCount)
    sum('behind', 'Subscriptions that are behind.', ({ source }) => source.behindCount)
    sum('subjects', 'Subjects in the latest tables.', ({ source }) => source.log.subjectCount)
    sum('lag_entries', 'Entries that the streams hold past what this hub has.', ({ tail }) => tail.stats.lag)
    read(
      'compared_seconds',
      'For how long not everything that a stream has was found here, of all sources the most.',
      () =>
        [...hub.sources].reduce((most, { tail }) => Math.max(most, secondsSince(tail.stats.comparedAt, hub.now())), 0),
    )
    const lag = (name: string, help: string, of: (lag: Lag) => number): void =>
      void metrics.gauge(name, help, ['source'], (gauge) => {
        for (const kind of ['events', 'bucket']) gauge.set({ source: kind }, 0)
        const most = new Map<string, number>()
        for (const { source } of hub.sources) {
          const kind = source.log.keepsNewest ? 'bucket' : 'events'
          most.set(kind, Math.max(most.get(kind) ?? 0, of(source.lag)))
        }
        for (const [kind, value] of most) gauge.set({ source: kind }, value)
      })
    lag('subscriber_lag_entries', 'Entries that the furthest behind has not passed.', ({ entries }) => entries)
    lag('subscriber_lag_seconds', 'For how long the first of those has been here.', ({ ms }) => ms / 1000)
    for (const [name, key, help] of counted) metrics.reading(`${name}_total`, help, () => hub.sources.totals[key])
  }

  /** `traceId` is that of an event which the round sent. */
  passed(seconds: number, traceId: string | undefined): void {
    this.#passes.observe(seconds, traceId)
  }

  closed(code: number): void {
    this.#closes.inc({ code })
  }

  refused(code: ErrorCode): void {
    this.#refusals.inc({ code })
  }
}

/** What is read of a hub. */
export interface MeasuredHub {
  readonly admission: Admission
  readonly budget: MemoryBudget
  readonly sources: Sources
  /** In the buffers of all sockets. */
  readonly socketBytes: number
  now(): number
}

/** 0 for a source that is only being opened. */
function secondsSince(comparedAt: number, now: number): number {
  return comparedAt === 0 ? 0 : (now - comparedAt) / 1000
}

const counted: readonly (readonly [string, keyof SourceTotals, string])[] = [
  ['inbound', 'inbound', 'Entries that arrived.'],
  ['batches', 'batches', 'Batches that were sent, a shared one counted once.'],
  ['deliveries', 'deliveries', 'Entries that were sent, times subscribers.'],
  ['conflated', 'conflated', 'Entries that were left out for a newer one, times subscribers.'],
  ['gaps', 'gaps', 'Gaps that were announced.'],
  ['stream_reads', 'streamReads', 'Chunks that were read from streams for old cursors.'],
  ['repairs', 'repairs', 'Holes in the republication that were noticed.'],
  ['repaired_entries', 'repaired', 'Entries that were read from the stream to fill them.'],
  ['resets', 'resets', 'Streams that turned out to be made anew.'],
]
