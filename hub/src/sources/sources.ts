import {
  EventShards,
  type Logger,
  type NatsConnection,
  shardOf,
  Tail,
  type TailStats,
  type Traces,
  tenantOfShard,
} from '@weir/mesh'
import { isSubject } from '@weir/proto'
import type { SourceCounters } from '../engine/delivery/source-counters.ts'
import type { Origin } from '../engine/delivery/subscriber.ts'
import { Flusher } from '../engine/flusher.ts'
import type { MemoryBudget } from '../engine/log/memory-budget.ts'
import { Source } from '../engine/source.ts'
import { limits } from '../limits.ts'
import { NatsStreamReader } from './nats-stream-reader.ts'
import { Semaphore } from './semaphore.ts'
import { TracedSink } from './traced-sink.ts'

/**
 * The sources that this hub serves: opened with their first subscriber, closed when they have had
 * none for a while.
 */
export class Sources {
  /** Which streams have the events of each tenant. */
  readonly shards: EventShards
  readonly #options: SourcesOptions
  readonly #held: Map<string, HeldSource> = new Map()
  readonly #reads = new Semaphore(limits.streamReadsMax)
  readonly #flusher: Flusher
  #channels = 0
  /** What the sources did that are closed by now, so that counters only grow. */
  readonly #past: SourceTotals = noTotals()

  constructor(options: SourcesOptions) {
    this.#options = options
    this.shards = new EventShards(options.nc)
    this.#flusher = new Flusher((seconds) => options.onPass(seconds, this.#endSpans()))
  }

  /**
   * The sources in which entries that match may lie, loaded: one, or of the events of a sharded
   * tenant one a shard. Throws `not_found` or `unavailable`. Whoever gets them gives each back with
   * `release`.
   */
  async acquire(tenant: string, name: string, filters: readonly string[]): Promise<readonly Source[]> {
    if (name !== 'events') return [await this.#acquire(tenant, name)]
    const shards = shardsOfFilters(await this.shards.of(tenant), filters)
    const acquired = await Promise.allSettled(shards.map((shard) => this.#acquire(shard, name)))
    const failed = acquired.find((each) => each.status === 'rejected')
    const sources = acquired.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    if (failed === undefined) return sources
    for (const source of sources) this.release(source)
    throw failed.reason
  }

  async #acquire(shard: string, name: string): Promise<Source> {
    const key = `${shard} ${name}`
    let held = this.#held.get(key)
    if (held === undefined) {
      held = this.#open(shard, name)
      this.#held.set(key, held)
    }
    held.users++
    clearTimeout(held.idle)
    try {
      await held.opened
    } catch (thrown) {
      // Whoever waited for it too was before; the next one tries anew.
      if (this.#held.get(key) === held) this.#close(key, held)
      throw thrown
    }
    return held.source
  }

  release(source: Origin): void {
    for (const [key, held] of this.#held) {
      if (held.source !== source) continue
      held.users--
      if (held.users > 0) return
      held.idle = setTimeout(() => this.#close(key, held), this.#options.idleMs ?? limits.idleTailMs)
      return
    }
  }

  *[Symbol.iterator](): Generator<OpenSource> {
    for (const { source, tail } of this.#held.values()) yield { source, tail }
  }

  /** What all sources have done since the hub was started. */
  get totals(): Readonly<SourceTotals> {
    const totals = { ...this.#past }
    for (const held of this.#held.values()) addTotals(totals, held)
    return totals
  }

  beat(): void {
    for (const { source } of this.#held.values()) source.beat()
  }

  close(): void {
    for (const [key, held] of this.#held) this.#close(key, held)
  }

  #open(shard: string, name: string): HeldSource {
    const tenant = tenantOfShard(shard)
    const { nc, log, budget, ringBytes, latestSubjects, traces } = this.#options
    const { tombstonesMax, tombstoneMs, batchBytesMax } = limits
    const source: Source = new Source({
      name,
      bounds: { tenant, budget, ringBytesMax: ringBytes, subjectsMax: latestSubjects, tombstonesMax, tombstoneMs },
      reader: new NatsStreamReader(nc, shard, name, this.#reads),
      hasRemovals: name !== 'events',
      batchBytesMax,
      nextChannel: () => ++this.#channels,
      requestPass: () => this.#flusher.request(source),
      now: () => performance.now(),
      comparisons: () => tail.stats.checks,
      requestComparison: () => tail.compare(),
      later: (ms, action) => {
        const timer = setTimeout(action, ms)
        return () => clearTimeout(timer)
      },
      onReadFailed: (thrown) =>
        log.warn({ err: thrown, tenant: shard, source: name }, 'a stream could not be read; will try again'),
    })
    const traced = traces && new TracedSink(source, traces)
    const tail: Tail = new Tail({ nc, tenant: shard, source: name, sink: traced ?? source, log })
    return { source, tail, traced, opened: tail.open(), users: 0, idle: undefined }
  }

  /** Ends the spans of a round of passes; the trace of one of them. */
  #endSpans(): string | undefined {
    if (this.#options.traces === undefined) return undefined
    let traceId: string | undefined
    for (const { traced } of this.#held.values()) traceId = traced?.passed() ?? traceId
    return traceId
  }

  #close(key: string, held: HeldSource): void {
    clearTimeout(held.idle)
    this.#held.delete(key)
    held.tail.close()
    held.source.close()
    addTotals(this.#past, held)
  }
}

/** A filter without a wildcard is a subject, which lies in one shard. */
function shardsOfFilters(shards: readonly string[], filters: readonly string[]): readonly string[] {
  if (shards.length === 1 || !filters.every(isSubject)) return shards
  return [...new Set(filters.map((subject) => shardOf(shards, subject)))]
}

export interface SourcesOptions {
  readonly nc: NatsConnection
  readonly log: Logger
  readonly budget: MemoryBudget
  readonly ringBytes: number
  readonly latestSubjects: number
  /** How long a source stays that nobody has; the limits' when absent. */
  readonly idleMs?: number
  /** A round of passes is over; `traceId` is that of an event which it sent. */
  onPass(seconds: number, traceId: string | undefined): void
  /** Spans of events, where they are wanted. */
  readonly traces?: Pick<Traces, 'begin'> | undefined
}

/** Counters of sources, and of the tails that feed them. */
export interface SourceTotals extends SourceCounters, Pick<TailStats, 'repairs' | 'repaired' | 'resets'> {}

function noTotals(): SourceTotals {
  return {
    inbound: 0,
    batches: 0,
    deliveries: 0,
    conflated: 0,
    gaps: 0,
    streamReads: 0,
    repairs: 0,
    repaired: 0,
    resets: 0,
  }
}

function addTotals(totals: SourceTotals, { source: { counters }, tail: { stats } }: HeldSource): void {
  for (const key of Object.keys(counters) as (keyof SourceCounters)[]) totals[key] += counters[key]
  totals.repairs += stats.repairs
  totals.repaired += stats.repaired
  totals.resets += stats.resets
}

/** A source, and the tail that feeds it. */
export interface OpenSource {
  readonly source: Source
  readonly tail: Tail
}

interface HeldSource extends OpenSource {
  readonly opened: Promise<void>
  readonly traced: TracedSink | undefined
  users: number
  idle: NodeJS.Timeout | undefined
}
