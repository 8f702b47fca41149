import type { Cursor } from '@weir/proto'
import type { Entry } from '../engine/log/entry.ts'
import type { EntryLog } from '../engine/log/entry-log.ts'
import type { Source } from '../engine/source.ts'
import { limits } from '../limits.ts'

/** What is asked of the past of a source. */
export interface HistoryQuery {
  readonly filters: readonly string[]
  readonly accepts: (subject: string) => boolean
  /** Entries past it, or before it where it goes backwards; all when undefined. */
  readonly since: Cursor | undefined
  readonly reverse: boolean
  readonly entriesMax: number
  /** Who reads: where reads of a tenant wait, owners take turns. */
  readonly owner: object
  isWanted(): boolean
}

export interface History {
  readonly entries: readonly Entry[]
  /** Where the source stood. */
  readonly top: Cursor
  /** Some of what was asked for is there no more. */
  readonly isLost: boolean
}

/**
 * Reads the past of a source: from memory where that has all of it, else from its stream, within
 * the bounds of an answer. Throws `unavailable`.
 */
export async function readHistory(source: Source, query: HistoryQuery): Promise<History> {
  const { log } = source
  const { epoch, head, completeFrom } = log
  const top = { epoch, seq: head }
  const { since, reverse } = query
  if (query.entriesMax === 0) return { entries: [], top, isLost: false }
  if (since !== undefined && since.epoch !== epoch) return { entries: [], top, isLost: true }
  if (reverse) {
    const before = since === undefined ? head + 1 : since.seq
    const entries = backwards(log, before, query)
    const isEnough = entries.length === query.entriesMax || completeFrom === 0
    return { entries: isEnough ? entries : await readBackwards(source, before, query), top, isLost: false }
  }
  if (since !== undefined && since.seq >= completeFrom) {
    return { entries: forwards(log, since.seq, query), top, isLost: false }
  }
  const after = since?.seq ?? 0
  const entries = await readForwards(source, after, head, query)
  // Asked after the read: what retention dropped meanwhile may have been missed.
  const isLost = since !== undefined && !log.keepsNewest && (await source.reader.range()).firstSeq - 1 > after
  return { entries, top, isLost }
}

function forwards(log: EntryLog, after: number, query: HistoryQuery): Entry[] {
  const answer = new Answer(query)
  const { entries } = log
  for (let at = log.indexAfter(after); at < entries.length && answer.isOpen; at++) answer.offer(entries[at] as Entry)
  return answer.entries
}

/** Newest first, as far as memory has everything. */
function backwards(log: EntryLog, before: number, query: HistoryQuery): Entry[] {
  const answer = new Answer(query)
  const { entries, completeFrom } = log
  for (let at = log.indexAfter(before - 1) - 1; at >= 0 && answer.isOpen; at--) {
    const entry = entries[at] as Entry
    if (entry.seq <= completeFrom) break
    answer.offer(entry)
  }
  return answer.entries
}

async function readForwards(source: Source, after: number, upTo: number, query: HistoryQuery): Promise<Entry[]> {
  const answer = new Answer(query)
  for await (const entry of entriesBetween(source, after, upTo, query)) {
    answer.offer(entry)
    if (!answer.isOpen) break
  }
  return answer.entries
}

/** What matches in (after, upTo], chunk after chunk from the stream. */
async function* entriesBetween(
  source: Source,
  after: number,
  upTo: number,
  { filters, accepts, owner, isWanted }: HistoryQuery,
): AsyncGenerator<Entry> {
  const { epoch } = source.log
  const bytesMax = limits.chunkBytesMax
  for (let at = after; at < upTo; ) {
    const request = { epoch, after: at, filters, accepts, complete: upTo, bytesMax, owner, isWanted }
    const chunk = await source.reader.read(request)
    if (chunk === undefined) return
    yield* chunk.entries
    at = chunk.to
  }
}

/**
 * Newest first, from windows of the stream that grow, since it can be read forwards alone. Ends
 * after so many windows with what was found.
 */
async function readBackwards(source: Source, before: number, query: HistoryQuery): Promise<Entry[]> {
  const { firstSeq } = await source.reader.range()
  const answer = new Answer(query)
  let end = before - 1
  let width: number = limits.historyWindow
  for (let windows = 0; windows < limits.historyWindowsMax && end >= firstSeq; windows++) {
    const after = Math.max(firstSeq - 1, end - width)
    const newest = await readNewest(source, after, end, query)
    for (let entry = newest.pop(); entry !== undefined && answer.isOpen; entry = newest.pop()) answer.offer(entry)
    if (!answer.isOpen || !query.isWanted()) break
    end = after
    width *= 4
  }
  return answer.entries
}

/** The last entries in (after, upTo], as many as an answer may have. */
async function readNewest(source: Source, after: number, upTo: number, query: HistoryQuery): Promise<Entry[]> {
  const newest: Entry[] = []
  let bytes = 0
  for await (const entry of entriesBetween(source, after, upTo, query)) {
    newest.push(entry)
    bytes += entry.end - entry.start
    while (newest.length > query.entriesMax || (bytes > limits.historyBytesMax && newest.length > 1)) {
      const dropped = newest.shift() as Entry
      bytes -= dropped.end - dropped.start
    }
  }
  return newest
}

/** Entries of one answer, within its bounds; the first one may have any size. */
class Answer {
  readonly entries: Entry[] = []
  readonly #query: HistoryQuery
  #bytes = 0
  #isFull = false

  constructor(query: HistoryQuery) {
    this.#query = query
  }

  get isOpen(): boolean {
    return !this.#isFull
  }

  offer(entry: Entry): void {
    const { entriesMax, accepts } = this.#query
    if (!accepts(entry.state.subject)) return
    this.#bytes += entry.end - entry.start
    const fits = this.entries.length === 0 || this.#bytes <= limits.historyBytesMax
    if (fits) this.entries.push(entry)
    this.#isFull = !fits || this.entries.length >= entriesMax
  }
}
