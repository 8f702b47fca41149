import { create, toBinary } from '@bufbuild/protobuf'
import {
  BatchSchema,
  type Cursor,
  cursorParts,
  cursorToWire,
  type Entry,
  EntrySchema,
  EventSchema,
  formatCursor,
  type Gap,
  GapSchema,
  Mode,
  parseCursor,
  Removal,
  Start,
  SubscribedSchema,
} from '@weir/proto'
import type { TestHub } from './harness.ts'
import type { Ledger } from './ledger.ts'
import type { Ledgers } from './ledgers.ts'
import type { Reader, Reading } from './reading.ts'
import { type SseBlock, SseReader } from './sse-reader.ts'

/**
 * The first subscription of a client by server-sent events, resumed by Last-Event-ID. A ledger is
 * told of it as far as such a stream tells: where a batch ends is not among it, so what was counted
 * at its beginning counts until it has surely ended.
 */
export class SseReading implements Reading {
  readonly ended: Promise<number>
  readonly #reader: Reader
  readonly #ledgers: Ledgers
  #stream: SseReader | undefined
  #began = false
  /** No id stands with them, so they count with the next one. */
  #gaps: Told[] = []
  /** Of which stream a batch began with a count, and may go on. */
  #open: Ledger | undefined
  #code = 1006
  #closed = false

  constructor(hub: TestHub, reader: Reader) {
    this.#reader = reader
    this.#ledgers = reader.ledgers[0] as Ledgers
    this.ended = this.#run(hub)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#open?.doubt()
    this.#stream?.close()
  }

  acknowledgeAll(): void {
    // Such a client cannot.
  }

  async #run(hub: TestHub): Promise<number> {
    const { source, filters, mode, intervalMs } = this.#ledgers.wish
    const query = new URLSearchParams({ source, mode: Mode[mode] as string })
    for (const filter of filters) query.append('filter', filter)
    if (intervalMs > 0) query.set('interval', String(intervalMs))
    const headers: Record<string, string> = { authorization: `Bearer ${this.#reader.token}` }
    const { cursor } = this.#ledgers
    if (cursor !== undefined) headers['last-event-id'] = formatCursor(cursor)
    try {
      const take = (block: SseBlock): void => this.#take(block, cursor !== undefined)
      this.#stream = await SseReader.open(`${hub.httpUrl}/v1/sse?${query}`, headers, take)
    } catch {
      return this.#code
    }
    if (this.#closed) this.#stream.close()
    const { status } = this.#stream.response
    // NATS is away, or the stream, or the hub is going.
    if (status !== 200 && status !== 404 && status !== 503) this.#reader.fault(`refused with ${status}`)
    await this.#stream.finished
    return this.#code
  }

  #take({ event, data, id, comments }: SseBlock, resumes: boolean): void {
    if (this.#closed) return
    const told = data === '' ? {} : (JSON.parse(data) as Told)
    if (event === 'gap') this.#gaps.push(told)
    if (event === 'goaway') this.#reader.goaway(told.reconnectAfterMs ?? 0)
    if (event === 'closed') this.#code = told.code ?? 1006
    if (id === undefined) return
    const positions = cursorParts(parseCursor(id))
    if (event === 'reset' || !this.#began || positions.some(({ epoch }) => this.#ledgerOf(epoch) === undefined)) {
      this.#begin(positions, event === 'reset' ? Start.SNAPSHOT : resumes ? Start.UNSPECIFIED : Start.HEAD)
      return
    }
    for (const position of positions) this.#passGaps(position)
    const [own, ...others] = positions as [Cursor, ...Cursor[]]
    this.#batch(this.#ledgerOf(own.epoch) as Ledger, told, BigInt(own.seq), comments)
    for (const { epoch, seq } of others) {
      const at = this.#ledgerOf(epoch)?.seq
      if (at !== seq) this.#reader.fault(`an id stands at ${seq} of epoch ${epoch}, and not at ${at}`)
    }
  }

  #ledgerOf(epoch: number): Ledger | undefined {
    return this.#ledgers.current.find((ledger) => ledger.epoch === epoch)
  }

  #begin(positions: readonly Cursor[], start: Start): void {
    const shards = positions.map((position, channel) => ({ channel, cursor: cursorToWire(position) }))
    const isWhole = positions.length === 1
    this.#ledgers.subscribed(create(SubscribedSchema, { start, ...(isWhole ? shards[0] : { shards: { shards } }) }))
    this.#began = true
    this.#open = undefined
  }

  /** Of the gaps that were told, those lead to a position which begin where its stream stands. */
  #passGaps({ epoch, seq }: Cursor): void {
    const ledger = this.#ledgerOf(epoch) as Ledger
    this.#gaps = this.#gaps.filter((told) => {
      if (told.from !== ledger.seq || (told.to ?? 0) > seq) return true
      ledger.gap(gapOf(told))
      return false
    })
  }

  #batch(ledger: Ledger, told: Told, to: bigint, comments: readonly string[]): void {
    const conflated = BigInt(/^(\d+) conflated$/m.exec(comments.join('\n'))?.[1] ?? 0)
    const uncounted = comments.includes('uncounted')
    const isCounted = conflated > 0n || uncounted
    const goesOn = this.#open === ledger && !isCounted && told.subject !== undefined
    const entries = told.subject === undefined ? [] : [entryOf(told)]
    ledger.batch(create(BatchSchema, { from: BigInt(ledger.seq), to, conflated, uncounted, entries }), goesOn)
    this.#ledgers.see(`SSE ${Mode[ledger.wish.mode]}`)
    // Past the last entry of a batch there is more that it covers.
    this.#open = (isCounted || goesOn) && to === BigInt(told.seq ?? -1) ? ledger : undefined
  }
}

/** What the data of any event may hold. */
interface Told {
  readonly subject?: string
  readonly seq?: number
  readonly event?: { readonly data: unknown }
  readonly removed?: 'DELETED' | 'EXPIRED'
  readonly from?: number
  readonly to?: number
  readonly reason?: string
  readonly reconnectAfterMs?: number
  readonly code?: number
}

function entryOf({ subject = '', seq = 0, event, removed }: Told): Entry {
  const known = { subject, seq: BigInt(seq) }
  if (removed !== undefined) {
    return create(EntrySchema, { ...known, content: { case: 'removal', value: Removal[removed] } })
  }
  const data = { case: 'json' as const, value: JSON.stringify(event?.data) }
  const value = toBinary(EventSchema, create(EventSchema, { data }))
  return create(EntrySchema, { ...known, content: { case: 'event', value } })
}

function gapOf({ from = 0, to = 0, reason = '' }: Told): Gap {
  return create(GapSchema, { from: BigInt(from), to: BigInt(to), reason })
}
