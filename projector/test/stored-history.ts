import { create, toBinary } from '@bufbuild/protobuf'
import { type Cursor, EventSchema } from '@weir/proto'
import type { Database } from '../src/db/database.ts'
import { type HistoryRequest, queryHistory, type StoredEvent } from '../src/db/history-query.ts'
import { querySeries, type Series, type SeriesRequest } from '../src/db/history-series.ts'
import { type HistoryRow, HistoryTable, type Kept } from '../src/db/history-table.ts'

export const day: number = 86_400_000
export const noon: number = Date.UTC(2026, 0, 31, 12)
export const epoch = 1_700_000_000_000_000
/** Of a retention that drops nothing by size and keeps no minutes. */
export const kept: Kept = { retentionMs: 30 * day, sizeBytes: Number.POSITIVE_INFINITY, coarseMs: undefined }

/** Past every event of a test. */
const head: Cursor = { epoch, seq: 1_000_000 }

/** What a test says of an event; the rest follows from its sequence. */
export interface Told {
  readonly seq: number
  readonly subject: string
  readonly timeMs?: number
  readonly storedAtMs?: number
  readonly metrics?: Record<string, number>
  readonly body?: string | null
}

export function rowOf({
  seq,
  subject,
  timeMs = noon + seq,
  storedAtMs = noon + seq,
  metrics = { t: seq },
  body,
}: Told): HistoryRow {
  const event = create(EventSchema, { id: `e${seq}`, data: { case: 'reading', value: { metrics } } })
  const text = body === undefined ? JSON.stringify({ id: `e${seq}`, reading: { metrics } }) : body
  return { seq, subject, timeMs, storedAtMs, body: text, event: toBinary(EventSchema, event) }
}

let tenants = 0

/** The history of a tenant of its own. */
export class StoredHistory {
  readonly tenant: string
  readonly table: HistoryTable
  readonly #database: Database

  private constructor(database: Database, tenant: string) {
    this.#database = database
    this.tenant = tenant
    this.table = new HistoryTable(database, tenant)
  }

  static async begin(database: Database, ...rows: readonly Told[]): Promise<StoredHistory> {
    const history = new StoredHistory(database, `t${tenants++}`)
    await history.table.open()
    if (rows.length > 0) await history.insert(...rows)
    return history
  }

  /** That of a tenant that is there already. */
  static of(database: Database, tenant: string): StoredHistory {
    return new StoredHistory(database, tenant)
  }

  async insert(...rows: readonly Told[]): Promise<void> {
    await this.table.insert(epoch, rows.map(rowOf))
  }

  /** A page of all that is stored, from the oldest on, unless the query says otherwise. */
  page(query: Partial<HistoryRequest>, cursor: Cursor): ReturnType<typeof queryHistory> {
    const all = { filters: ['>'], fromMs: undefined, toMs: undefined, limit: 1_000, next: undefined } as const
    return queryHistory(this.#database, { tenant: this.tenant, order: 'asc', ...all, ...query }, cursor)
  }

  async items(query: Partial<HistoryRequest> = {}, cursor: Cursor = head): Promise<readonly StoredEvent[]> {
    return (await this.page(query, cursor)).page.items
  }

  async seqs(query: Partial<HistoryRequest> = {}): Promise<readonly number[]> {
    return (await this.items(query)).map(({ seq }) => seq)
  }

  /** All metrics of all subjects, unless the query says otherwise. */
  series(
    query: Pick<SeriesRequest, 'fromMs' | 'toMs' | 'stepMs'> & Partial<SeriesRequest>,
    cursor: Cursor = head,
  ): Promise<readonly Series[]> {
    const all = { filters: ['>'], metrics: [], timeZone: undefined }
    return querySeries(this.#database, { tenant: this.tenant, ...all, ...query }, cursor)
  }
}
