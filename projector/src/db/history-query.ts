import { type Cursor, decodeEvent, type Event, eventFromJson, formatCursor, parseCursor, WeirError } from '@weir/proto'
import { isJsonField } from '../event/plain-fields.ts'
import type { Database, Sql } from './database.ts'
import { databaseError } from './database.ts'
import { subjectsMatch } from './subject-condition.ts'

/** Which events of the history are wanted. */
export interface HistoryRequest {
  readonly tenant: string
  /** Valid, at least one. */
  readonly filters: readonly string[]
  /** Event time, from inclusive, to exclusive. */
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  /** By event time: the oldest first, or the newest. */
  readonly order: 'asc' | 'desc'
  readonly limit: number
  /** What the page before gave as `next`. */
  readonly next: string | undefined
}

export interface StoredEvent {
  readonly subject: string
  readonly seq: number
  readonly event: Event
}

export interface HistoryPage {
  /** By event time, then by sequence; the newest first when the order is `desc`. */
  readonly items: readonly StoredEvent[]
  /** Absent on the last page. */
  readonly next?: string
}

/**
 * One page of the events up to a cursor. All pages of a request show the same events, whatever is
 * stored meanwhile: the first page decides the cursor and `next` carries it on.
 */
export async function queryHistory(
  database: Database,
  request: HistoryRequest,
  head: Cursor,
): Promise<{ readonly page: HistoryPage; readonly cursor: Cursor }> {
  const after = request.next === undefined ? undefined : parsePlace(request.next)
  const cursor = after?.cursor ?? head
  const rows = await database
    .read((sql) => select(sql, request, cursor, after))
    .catch((cause) => {
      throw databaseError(cause)
    })
  const items = rows.slice(0, request.limit).map((row) => ({ subject: row.subject, seq: row.seq, event: eventOf(row) }))
  const last = rows.length > request.limit ? rows[request.limit - 1] : undefined
  const page = last === undefined ? { items } : { items, next: formatPlace({ ...last, cursor }) }
  return { page, cursor }
}

interface Row {
  readonly epoch: number
  readonly seq: number
  readonly timeMs: number
  readonly subject: string
  /** Null where the body has all of it; of JSON data the bytes of that data alone. */
  readonly event: Uint8Array | null
  /** JSON; null where the bytes begin with another field than JSON data. */
  readonly body: unknown
}

function select(sql: Sql, request: HistoryRequest, cursor: Cursor, after: Place | undefined): Promise<Row[]> {
  const { tenant, filters, fromMs, toMs, limit, order } = request
  const direction = order === 'desc' ? sql`desc` : sql`asc`
  const beyond = order === 'desc' ? sql`<` : sql`>`
  return sql<Row[]>`
    select epoch::float8 as epoch, seq::float8 as seq, (extract(epoch from time) * 1000)::float8 as "timeMs", subject,
      event, case when event is null then body when substring(event for 1) = '\\x72' then body - 'data' end as body
    from weir.events
    where tenant = ${tenant} and (epoch, seq) <= (${cursor.epoch}, ${cursor.seq}) and ${subjectsMatch(sql, filters)}
      ${fromMs === undefined ? sql`` : sql`and time >= to_timestamp(${fromMs / 1000})`}
      ${toMs === undefined ? sql`` : sql`and time < to_timestamp(${toMs / 1000})`}
      ${after === undefined ? sql`` : sql`and (time, epoch, seq) ${beyond} (to_timestamp(${after.timeMs / 1000}), ${after.epoch}, ${after.seq})`}
    order by time ${direction}, epoch ${direction}, seq ${direction}
    limit ${limit + 1}`
}

/** Where a page ended, and the cursor of its request. */
interface Place {
  readonly timeMs: number
  readonly epoch: number
  readonly seq: number
  readonly cursor: Cursor
}

function formatPlace({ timeMs, epoch, seq, cursor }: Place): string {
  return `${timeMs.toString(36)}.${formatCursor({ epoch, seq })}.${formatCursor(cursor)}`
}

function parsePlace(text: string): Place {
  const parts = text.split('.')
  const [time = '', row = '', cursor = ''] = parts
  const timeMs = parts.length === 3 && /^-?[0-9a-z]{1,10}$/.test(time) ? Number.parseInt(time, 36) : Number.NaN
  if (!Number.isSafeInteger(timeMs)) throw new WeirError('malformed', 'This is not the `next` of a page.')
  return { timeMs, ...parseCursor(row), cursor: parseCursor(cursor) }
}

function eventOf({ event, body }: Row): Event {
  if (event === null) return eventFromJson(body)
  const kept = decodeEvent(event)
  return body === null || !isJsonField(event) ? kept : { ...eventFromJson(body), data: kept.data }
}
