import type { NatsConnection } from '@weir/mesh'
import { type Cursor, joinCursors, WeirError } from '@weir/proto'
import { type Database, databaseError } from '../../db/database.ts'
import { HistoryPositions } from '../../db/history-positions.ts'
import { type HistoryPage, type HistoryRequest, queryHistory, type StoredEvent } from '../../db/history-query.ts'
import { querySeries, type Series, type SeriesRequest } from '../../db/history-series.ts'
import { limits } from '../../limits.ts'
import { openSourceLog } from '../../log/open-source-log.ts'
import { reachedBy } from '../../log/position.ts'

export interface HistoryOptions {
  readonly nc: NatsConnection
  /** Undefined when this mesh keeps no history. */
  readonly database: Database | undefined
  /** The name of the projection of kind `history`, if there is one now. */
  readonly projection: () => string | undefined
}

/** Answers questions about the past. */
export class History {
  readonly #options: HistoryOptions

  constructor(options: HistoryOptions) {
    this.#options = options
  }

  /**
   * A page, and the cursor from which a subscription to `events` continues it without a gap and
   * without a double.
   */
  async query(request: HistoryRequest): Promise<{ readonly page: HistoryPage; readonly cursor: Cursor }> {
    return await queryHistory(this.#database(), request, await this.#head(request.tenant))
  }

  /** Numbers in steps, and the cursor from which a subscription continues them. */
  async series(request: SeriesRequest): Promise<{ readonly series: readonly Series[]; readonly cursor: Cursor }> {
    const cursor = await this.#head(request.tenant)
    return { series: await querySeries(this.#database(), request, cursor), cursor }
  }

  /** Everything that matches, page after page, and the cursor that continues it. */
  async export(
    request: Omit<HistoryRequest, 'limit' | 'next'>,
  ): Promise<{ readonly cursor: Cursor; readonly pages: AsyncGenerator<readonly StoredEvent[]> }> {
    const database = this.#database()
    const cursor = await this.#head(request.tenant)
    async function* pages(): AsyncGenerator<readonly StoredEvent[]> {
      let next: string | undefined
      do {
        const asked = { ...request, limit: limits.exportPageItems, next }
        const { page } = await queryHistory(database, asked, cursor)
        yield page.items
        next = page.next
      } while (next !== undefined)
    }
    return { cursor, pages: pages() }
  }

  /**
   * Everything up to here is in Postgres. Where the events lie in several streams it is a place
   * among all of them, with the position in each: see `liveCursor`.
   */
  async #head(tenant: string): Promise<Cursor> {
    const { nc, projection } = this.#options
    const stored = await new HistoryPositions(this.#database(), tenant).load(projection() ?? '').catch((cause) => {
      throw databaseError(cause)
    })
    const epoch = Math.max(0, ...stored.map(({ position }) => position.epoch))
    const { seq, shards } = reachedBy(stored, epoch)
    if (seq > 0) return { epoch, seq, further: shards }
    const log = await openSourceLog(nc, tenant, 'events')
    const state = await log.state()
    return { epoch: state.epoch, seq: 0, further: log.beginnings }
  }

  #database(): Database {
    const { database } = this.#options
    if (database === undefined)
      throw new WeirError('not_found', 'This mesh keeps no history: declare a projection of kind history.')
    return database
  }
}

/** From where a subscription to the events continues what was read up to a place of the history. */
export function liveCursor({ epoch, seq, further }: Cursor): Cursor {
  return (further && joinCursors(further.map((each) => ({ epoch: each.epoch, seq: each.seq })))) ?? { epoch, seq }
}
