import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@weir/mesh'
import { backoffMs, WeirError } from '@weir/proto'
import { errorCode, isPassing, openError } from '../../db/database.ts'
import type { HistoryRow, HistoryTable } from '../../db/history-table.ts'
import type { HistorySpec } from '../../declaration/history-spec.ts'
import type { EventRecord } from '../../event/event-record.ts'
import { owns, type Partition } from '../../event/partition.ts'
import { limits } from '../../limits.ts'
import type { DeadLetters } from '../../run/dead-letters.ts'
import type { Effects, Projection, Rebuilding } from '../../run/projection.ts'
import { historyRow } from './history-row.ts'

export interface HistoryProjectionOptions {
  readonly spec: HistorySpec
  readonly table: HistoryTable
  readonly partition: Partition
  readonly deadLetters: DeadLetters
  readonly log: Logger
}

export interface HistoryStats {
  /** Rows that were sent and stored, or were there already. */
  rows: number
  batches: number
  /** Rows whose JSON Postgres cannot hold; their bytes are stored. */
  withoutBody: number
  refused: number
  /** Times that Postgres was away. */
  insertRetries: number
}

/**
 * Stores every event in Postgres, in batches. While Postgres is away the batch waits and the reader
 * with it.
 */
export class HistoryProjection implements Projection, Effects {
  readonly warmUpMs = 0
  readonly reachMs: number
  readonly checkpointMs: number = limits.historyCheckpointMs
  readonly takesAnyOrder = true
  readonly effects: Effects = this
  /** Adds the rows that are missing; those that are there stay as they are. */
  readonly rebuilding: Rebuilding = { begin: () => this.open(), finish: () => Promise.resolve({}) }
  readonly stats: HistoryStats = { rows: 0, batches: 0, withoutBody: 0, refused: 0, insertRetries: 0 }
  readonly #options: HistoryProjectionOptions
  #batch: Pending[] = []
  #batchBytes = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The batches that are being stored. */
  readonly #storing = new Set<Promise<void>>()
  /** What is collected has waited long enough, and goes as soon as one of them is stored. */
  #due = false
  #blocked: string | undefined
  #closed = false
  #maintainedAtMs = 0
  #withoutBodyLoggedAtMs = 0
  #probedAtMs = 0

  constructor(options: HistoryProjectionOptions) {
    this.#options = options
    this.reachMs = options.spec.retentionMs
  }

  async open(): Promise<void> {
    // What was taken before a failure is read again from the position.
    this.#batch = []
    this.#batchBytes = 0
    await this.#options.table.open().catch((cause: unknown) => {
      throw openError(cause)
    })
  }

  take(record: EventRecord): void | Promise<void> {
    if (!owns(this.#options.partition, record.subject)) return
    const row = historyRow(record)
    this.#batch.push({ record, row })
    this.#batchBytes += (row.event?.length ?? 0) + (row.body?.length ?? 0)
    if (this.#isFull()) {
      if (this.#storing.size >= limits.historyBatchesMax) return Promise.race(this.#storing)
      this.#store()
    } else {
      this.#timer ??= setTimeout(() => this.#store(), limits.historyWaitMs)
    }
  }

  idle(nowMs: number): void {
    if (this.#storing.size === 0 && nowMs - this.#probedAtMs >= limits.databaseProbeMs) void this.#probe(nowMs)
    if (nowMs - this.#maintainedAtMs < limits.historyMaintenanceMs) return
    this.#maintainedAtMs = nowMs
    void this.#maintain(nowMs)
  }

  async flushed(): Promise<void> {
    while (this.#storing.size >= limits.historyBatchesMax) await Promise.race(this.#storing)
    this.#store()
    await Promise.all(this.#storing)
  }

  blocked(): string | undefined {
    return this.#blocked
  }

  targetEpoch(): Promise<number> {
    return Promise.resolve(0)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  /** While nothing is written, nothing else would tell that Postgres is away. */
  async #probe(nowMs: number): Promise<void> {
    this.#probedAtMs = nowMs
    try {
      await this.#options.table.probe()
      this.#answered()
    } catch (cause) {
      if (isPassing(cause)) this.#wait(cause)
    }
    this.#probedAtMs = Date.now()
  }

  #answered(): void {
    if (this.#blocked !== undefined) this.#options.log.info('Postgres takes rows again')
    this.#blocked = undefined
  }

  #isFull(): boolean {
    return this.#batch.length >= limits.historyBatchRows || this.#batchBytes >= limits.historyBatchBytes
  }

  /** Stores what is collected, or notes that it is to be. */
  #store(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#due = this.#storing.size >= limits.historyBatchesMax
    const batch = this.#batch
    if (this.#due || batch.length === 0) return
    this.#batch = []
    this.#batchBytes = 0
    const storing = this.#insert(batch).finally(() => {
      this.#storing.delete(storing)
      if (this.#due || this.#isFull()) this.#store()
    })
    this.#storing.add(storing)
  }

  /**
   * Retries while Postgres is away; halves a batch that it refuses until the rows at fault are
   * alone. Never rejects.
   */
  async #insert(batch: readonly Pending[]): Promise<void> {
    for (let attempt = 0; !this.#closed; attempt++) {
      try {
        await this.#options.table.insert(
          batch[0]?.record.epoch ?? 0,
          batch.map(({ row }) => row),
        )
        this.stats.rows += batch.length
        this.stats.batches++
        this.#answered()
        return
      } catch (cause) {
        if (!isPassing(cause)) {
          await this.#split(batch, cause)
          return
        }
        this.#wait(cause)
        await sleep(backoffMs(attempt, limits.historyRetryMs, limits.historyRetryMaxMs))
      }
    }
  }

  #wait(cause: unknown): void {
    this.stats.insertRetries++
    if (this.#blocked === undefined) {
      this.#options.log.warn({ err: cause }, 'Postgres cannot be written; the history waits')
    }
    this.#blocked = `Postgres cannot be written (${errorCode(cause)})`
  }

  async #split(batch: readonly Pending[], cause: unknown): Promise<void> {
    const [first] = batch
    if (first === undefined) return
    if (batch.length > 1) {
      const half = batch.length >> 1
      await this.#insert(batch.slice(0, half))
      await this.#insert(batch.slice(half))
    } else if (first.row.body !== null) {
      this.stats.withoutBody++
      this.#sayWithoutBody(first.record, cause)
      const row = { ...first.row, body: null, event: first.record.payload }
      await this.#insert([{ record: first.record, row }])
    } else {
      this.stats.refused++
      const error = new WeirError('invalid', `Postgres refuses the event (${errorCode(cause)}).`)
      await this.#putAside(first.record, error)
    }
  }

  /** Once in a while, and never with what Postgres says of the content. */
  #sayWithoutBody({ subject, seq }: EventRecord, cause: unknown): void {
    const now = Date.now()
    if (now - this.#withoutBodyLoggedAtMs < limits.repeatedLogMs) return
    this.#withoutBodyLoggedAtMs = now
    const { withoutBody } = this.stats
    this.#options.log.warn(
      { subject, seq, code: errorCode(cause), withoutBody },
      'Postgres cannot hold the JSON of events; their bytes are kept',
    )
  }

  async #putAside(record: EventRecord, error: WeirError): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#options.deadLetters.put(this.#options.spec.name, record, error)
        return
      } catch (cause) {
        this.#wait(cause)
        await sleep(limits.historyRetryMaxMs)
      }
    }
  }

  async #maintain(nowMs: number): Promise<void> {
    const { table, spec, log } = this.#options
    try {
      const dropped = await table.maintain(spec, nowMs)
      if (dropped.length > 0) log.info({ dropped }, 'days past the retention or the size were dropped')
    } catch (cause) {
      log.warn({ err: cause }, 'partitions could not be maintained; will try again')
    }
  }
}

interface Pending {
  readonly record: EventRecord
  readonly row: HistoryRow
}
