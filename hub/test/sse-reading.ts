import { create, toBinary } from '@bufbuild/protobuf'
import {
  BatchSchema,
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
  readonly #ledger: Ledger
  #stream: SseReader | undefined
  #epoch: number | undefined
  /** No id stands with it, so it counts with the next one. */
  #gap: Told | undefined
  /** A batch began with a count, and may go on. */
  #isOpen = false
  #code = 1006
  #closed = false

  constructor(hub: TestHub, reader: Reader) {
    this.#reader = reader
    this.#ledger = reader.ledgers[0] as Ledger
    this.ended = this.#run(hub)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#isOpen) this.#ledger.doubt()
    this.#stream?.close()
  }

  acknowledgeAll(): void {
    // Such a client cannot.
  }

  async #run(hub: TestHub): Promise<number> {
    const { source, filters, mode, intervalMs } = this.#ledger.wish
    const query = new URLSearchParams({ source, mode: Mode[mode] as string })
    for (const filter of filters) query.append('filter', filter)
    if (intervalMs > 0) query.set('interval', String(intervalMs))
    const headers: Record<string, string> = { authorization: `Bearer ${this.#reader.token}` }
    const { cursor } = this.#ledger
    if (cursor !== undefined) {
      headers['last-event-id'] = formatCursor({ epoch: Number(cursor.epoch), seq: Number(cursor.seq) })
    }
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
    if (event === 'gap') this.#gap = told
    if (event === 'goaway') this.#reader.goaway(told.reconnectAfterMs ?? 0)
    if (event === 'closed') this.#code = told.code ?? 1006
    if (id === undefined) return
    const { epoch, seq } = parseCursor(id)
    if (event === 'reset' || epoch !== this.#epoch) {
      const start = event === 'reset' ? Start.SNAPSHOT : resumes ? Start.UNSPECIFIED : Start.HEAD
      this.#epoch = epoch
      this.#isOpen = false
      this.#ledger.subscribed(create(SubscribedSchema, { cursor: cursorToWire({ epoch, seq }), start }))
      return
    }
    if (this.#gap !== undefined) this.#ledger.gap(gapOf(this.#gap))
    this.#gap = undefined
    this.#batch(told, BigInt(seq), comments)
  }

  #batch(told: Told, to: bigint, comments: readonly string[]): void {
    const conflated = BigInt(/^(\d+) conflated$/m.exec(comments.join('\n'))?.[1] ?? 0)
    const uncounted = comments.includes('uncounted')
    const isCounted = conflated > 0n || uncounted
    const goesOn = this.#isOpen && !isCounted && told.subject !== undefined
    const from = this.#ledger.cursor?.seq ?? 0n
    const entries = told.subject === undefined ? [] : [entryOf(told)]
    this.#ledger.batch(create(BatchSchema, { from, to, conflated, uncounted, entries }), goesOn)
    this.#ledger.sights.add(`SSE ${Mode[this.#ledger.wish.mode]}`)
    // Past the last entry of a batch there is more that it covers.
    this.#isOpen = (isCounted || goesOn) && to === BigInt(told.seq ?? -1)
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
