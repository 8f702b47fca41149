import {
  type Cursor,
  cursorField,
  cursorParts,
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
import { StreamPositions } from '../session/stream-positions.ts'
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
  /** From where it was asked for, or where the last session ended it. */
  #asked: Cursor | undefined
  /** Where the next batch of each channel must begin; empty before the hub has answered. */
  readonly #expected: StreamPositions = new StreamPositions()
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

  /** Under which the hub sends its batches; none before it has answered. */
  get channels(): readonly number[] {
    return this.#expected.channels
  }

  /** The Subscribe that goes on where the application is. */
  restart(id: number): Subscribe {
    this.inbox.clear()
    const cursor = this.inbox.position
    this.#asked = cursor
    this.#expected.clear()
    const { source, filters, mode } = this.request
    const $typeName = 'weir.v1.Subscribe'
    const subscribe: Subscribe = { $typeName, id, source, filters: [...filters], mode, intervalMs: this.#intervalMs }
    return { ...subscribe, ...cursorField(cursor) }
  }

  /** False when the frame cannot be followed. Throws `malformed`. */
  subscribed(frame: Subscribed): boolean {
    const known = this.#expected.whole ?? this.#asked
    if (!this.#expected.begin(frame)) return false
    const end = this.#expected.whole as Cursor
    if (frame.start === startValues.SNAPSHOT) {
      this.inbox.clear()
      this.inbox.deliver({ items: [{ type: 'reset' }], end, bytes: 0, finished: nothing })
      return true
    }
    const gaps = known === undefined ? [] : gapsBetween(cursorParts(known), this.#expected.cursors)
    if (gaps === undefined) return false
    // Where nothing precedes it, this is where to go on if the connection is lost before anything
    // is read.
    this.inbox.deliver({ items: gaps, end, bytes: 0, finished: nothing })
    return true
  }

  /**
   * Whether a batch continues where the last frame ended, and leaves nothing out that was asked
   * for.
   */
  expects(batch: HubBatch): boolean {
    if (Number(batch.from) !== this.#expected.of(batch.channel)?.seq) return false
    return this.request.mode === modeValues.LATEST || batch.conflated === 0n
  }

  /** A batch that it expects. */
  batch(batch: HubBatch, bytes: number, finished: (bytes: number) => void): void {
    const epoch = this.#expected.of(batch.channel)?.epoch ?? 0
    const end = this.#expected.move(batch.channel, { epoch, seq: Number(batch.to) })
    this.#conflated += Number(batch.conflated)
    const entries = batch.entries.map((entry) => this.#itemOf(entry, end))
    // Of a bucket, whoever wants every entry is told where older values are gone.
    const isThin = batch.uncounted && this.request.mode === modeValues.ALL
    const gap: GapItem = { type: 'gap', from: Number(batch.from), to: end.seq, reason: 'superseded' }
    this.inbox.deliver({ items: isThin ? [gap, ...entries] : entries, end, bytes, finished })
  }

  /** False when the gap does not continue where the last frame ended. */
  gap({ from, to, reason, channel }: Gap): boolean {
    // Subscribed has told that already: its cursor is of another epoch.
    if (reason === 'epoch') return true
    const known = this.#expected.of(channel)
    if (known === undefined || Number(from) > known.seq) return false
    if (Number(to) <= known.seq) return true
    const end = this.#expected.move(channel, { epoch: known.epoch, seq: Number(to) })
    const item: GapItem = { type: 'gap', from: Number(from), to: end.seq, reason }
    this.inbox.deliver({ items: [item], end, bytes: 0, finished: nothing })
    return true
  }

  /** @param end where the batch of the entry ends */
  #itemOf({ subject, seq, content }: ReceivedEntry<EncodedEvent>, end: Cursor): Entry | Removed {
    if (content.case !== 'removal') {
      return new Entry(subject, Number(seq), end, content.value ?? noBytes, this.#decodeEvent)
    }
    const reason = content.value === removalValues.EXPIRED ? 'expired' : 'deleted'
    return { type: 'removed', subject, seq: Number(seq), reason }
  }
}

/**
 * What lies between where a subscription was and where it begins, stream by stream; undefined when
 * it begins before that.
 */
function gapsBetween(known: readonly Cursor[], begun: readonly Cursor[]): GapItem[] | undefined {
  const gone = known.filter(({ epoch }) => !begun.some((stream) => stream.epoch === epoch))
  const gaps: GapItem[] = []
  for (const { epoch, seq } of begun) {
    const before = known.find((stream) => stream.epoch === epoch)
    if (before === undefined) gaps.push({ type: 'gap', from: gone.shift()?.seq ?? 0, to: seq, reason: 'epoch' })
    else if (before.seq < seq) gaps.push({ type: 'gap', from: before.seq, to: seq, reason: 'unannounced' })
    else if (before.seq > seq) return undefined
  }
  return gaps
}

type DecodeEvent = (encoded: EncodedEvent) => Event

const noBytes = new Uint8Array(0)

function nothing(): void {}
