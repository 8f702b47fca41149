import {
  type Cursor,
  cursorFromWire,
  cursorToWire,
  type Event,
  type Gap,
  type Mode,
  modeValues,
  type ReceivedEntry,
  removalValues,
  type Subscribe,
  type Subscribed,
  startValues,
} from '@weir/proto'
import type { EncodedEvent, HubBatch } from '../session/codec.ts'
import { Entry } from './entry.ts'
import { Inbox } from './inbox.ts'
import type { GapItem, Removed } from './subscription-item.ts'

/** What an application asked for; checked. */
export interface FeedRequest {
  readonly source: string
  readonly filters: readonly string[]
  readonly mode: Mode
  readonly intervalMs: number
  /** The least interval while the page is hidden; mode LATEST only. */
  readonly hiddenIntervalMs: number
  readonly cursor: Cursor | undefined
}

/**
 * The connection's side of a subscription, for as long as the application wants it, over any number
 * of connections.
 *
 * Invariants, proved in feed.test.ts:
 * 1. A batch is delivered only if it continues where the last frame ended; otherwise the feed says
 *    so and is restarted.
 * 2. Whenever the feed goes on elsewhere than it ended, a gap or a reset is delivered first.
 * 3. A restart begins at the application's position: what was received and not taken is forgotten
 *    and comes again.
 */
export class Feed {
  readonly request: FeedRequest
  readonly inbox: Inbox
  /** Where the next batch must begin. */
  #expected: Cursor | undefined
  #conflated = 0
  #intervalMs: number
  readonly #decodeEvent: DecodeEvent

  constructor(request: FeedRequest, decodeEvent: DecodeEvent, starved: (feed: Feed) => void) {
    this.request = request
    this.#intervalMs = request.intervalMs
    this.#decodeEvent = decodeEvent
    this.inbox = new Inbox(request.cursor, () => starved(this))
  }

  /**
   * How many entries were left out because a newer one of the same subject came instead, as far as
   * the hub counted.
   */
  get conflated(): number {
    return this.#conflated
  }

  /** For a page that is hidden, or seen. Whether the hub must be told of another interval. */
  pace(isHidden: boolean): boolean {
    const before = this.#intervalMs
    const { intervalMs, hiddenIntervalMs } = this.request
    this.#intervalMs = isHidden ? Math.max(intervalMs, hiddenIntervalMs) : intervalMs
    return this.#intervalMs !== before
  }

  /** The Subscribe that goes on where the application is. */
  restart(id: number): Subscribe {
    this.inbox.clear()
    const cursor = this.inbox.position
    this.#expected = cursor
    const { source, filters, mode } = this.request
    const $typeName = 'weir.v1.Subscribe'
    const subscribe: Subscribe = { $typeName, id, source, filters: [...filters], mode, intervalMs: this.#intervalMs }
    return cursor === undefined ? subscribe : { ...subscribe, cursor: cursorToWire(cursor) }
  }

  /** False when the frame cannot be followed. Throws `malformed`. */
  subscribed(frame: Subscribed): boolean {
    if (frame.cursor === undefined) return false
    const cursor = cursorFromWire(frame.cursor)
    const known = this.#expected
    this.#expected = cursor
    if (frame.start === startValues.SNAPSHOT) {
      this.inbox.clear()
      this.inbox.deliver({ items: [{ type: 'reset' }], end: cursor, bytes: 0, finished: nothing })
      return true
    }
    if (known === undefined || (known.epoch === cursor.epoch && known.seq === cursor.seq)) {
      // Nothing precedes it, so this is where to go on if the connection is lost before anything is
      // read.
      this.inbox.deliver({ items: [], end: cursor, bytes: 0, finished: nothing })
      return true
    }
    if (known.epoch !== cursor.epoch) this.#deliverGap(known.seq, cursor, 'epoch')
    else if (known.seq < cursor.seq) this.#deliverGap(known.seq, cursor, 'unannounced')
    return known.epoch !== cursor.epoch || known.seq <= cursor.seq
  }

  /**
   * Whether a batch continues where the last frame ended, and leaves nothing out that was asked
   * for.
   */
  expects(batch: HubBatch): boolean {
    if (this.#expected === undefined || Number(batch.from) !== this.#expected.seq) return false
    return this.request.mode === modeValues.LATEST || batch.conflated === 0n
  }

  /** A batch that it expects. */
  batch(batch: HubBatch, bytes: number, finished: (bytes: number) => void): void {
    const epoch = this.#expected?.epoch ?? 0
    const end = { epoch, seq: Number(batch.to) }
    this.#expected = end
    this.#conflated += Number(batch.conflated)
    const entries = batch.entries.map((entry) => this.#itemOf(entry, epoch))
    // Of a bucket, whoever wants every entry is told where older values are gone.
    const isThin = batch.uncounted && this.request.mode === modeValues.ALL
    const gap: GapItem = { type: 'gap', from: Number(batch.from), to: end.seq, reason: 'superseded' }
    this.inbox.deliver({ items: isThin ? [gap, ...entries] : entries, end, bytes, finished })
  }

  /** False when the gap does not continue where the last frame ended. */
  gap({ from, to, reason }: Gap): boolean {
    // Subscribed has told that already: its cursor is of another epoch.
    if (reason === 'epoch') return true
    const known = this.#expected
    if (known === undefined || Number(from) > known.seq) return false
    if (Number(to) <= known.seq) return true
    this.#expected = { epoch: known.epoch, seq: Number(to) }
    this.#deliverGap(Number(from), this.#expected, reason)
    return true
  }

  #itemOf({ subject, seq, content }: ReceivedEntry<EncodedEvent>, epoch: number): Entry | Removed {
    if (content.case !== 'removal') {
      return new Entry(subject, Number(seq), epoch, content.value ?? noBytes, this.#decodeEvent)
    }
    const reason = content.value === removalValues.EXPIRED ? 'expired' : 'deleted'
    return { type: 'removed', subject, seq: Number(seq), reason }
  }

  #deliverGap(from: number, end: Cursor, reason: string): void {
    const item: GapItem = { type: 'gap', from, to: end.seq, reason }
    this.inbox.deliver({ items: [item], end, bytes: 0, finished: nothing })
  }
}

type DecodeEvent = (encoded: EncodedEvent) => Event

const noBytes = new Uint8Array(0)

function nothing(): void {}
