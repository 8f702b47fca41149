import { type Cursor, compileFilters, Mode } from '@weir/proto'
import type { Entry } from '../../engine/log/entry.ts'
import type { Source } from '../../engine/source.ts'
import { limits } from '../../limits.ts'

/** From where a subscription goes on, and whether nothing is missing up to there. */
export interface Recovery {
  /** Undefined: as if it had asked for none. */
  readonly cursor: Cursor | undefined
  readonly recovered: boolean
  /** What was missed up to there, for the answer; undefined is nothing. */
  readonly missed?: Missed | undefined
}

/** The first of what was missed. */
export interface Missed {
  readonly entries: readonly Entry[]
  /** The position after them. */
  readonly to: number
  readonly conflated: number
  readonly uncounted: boolean
}

/** Who recovers what. */
export interface Recovering {
  readonly mode: Mode
  /** In their canonical form. */
  readonly filters: readonly string[]
  /** As in StreamRead. */
  readonly owner: object
  isWanted(): boolean
}

/**
 * Finds where a subscription that asks for a position goes on, and reads what it missed first, as
 * much as an answer may have. The protocol says with its first answer whether a position could be
 * recovered, so what memory cannot tell is asked of the stream before. Throws `unavailable`.
 */
export async function recover(source: Source, wanted: Recovering, asked: Cursor): Promise<Recovery> {
  const recovery = await reach(source, wanted.mode, asked)
  if (!recovery.recovered || recovery.cursor === undefined) return recovery
  const missed = await readMissed(source, recovery.cursor, wanted)
  return missed === undefined ? recovery : { ...recovery, cursor: { ...recovery.cursor, seq: missed.to }, missed }
}

async function reach(source: Source, mode: Mode, asked: Cursor): Promise<Recovery> {
  const { epoch, head, completeFrom, keepsNewest } = source.log
  const isHere = asked.epoch === epoch && asked.seq <= head
  if (isHere && asked.seq >= completeFrom) return { cursor: asked, recovered: true }
  if (mode === Mode.LATEST || keepsNewest) {
    // What is missing was superseded; the engine begins with a snapshot where that is not enough.
    if (isHere) return { cursor: asked, recovered: true }
    const { epoch: now, lastSeq } = await source.reader.range()
    const isKnown = asked.epoch === now && asked.seq <= lastSeq
    return isKnown ? { cursor: asked, recovered: true } : beginAgain(mode, now, 0)
  }
  const { epoch: now, firstSeq, lastSeq } = await source.reader.range()
  if (asked.epoch !== now || asked.seq > lastSeq) return beginAgain(mode, now, firstSeq)
  if (asked.seq < firstSeq - 1) return { cursor: { epoch: now, seq: firstSeq - 1 }, recovered: false }
  return { cursor: asked, recovered: true }
}

/** All that there is, or the newest of it. */
function beginAgain(mode: Mode, epoch: number, firstSeq: number): Recovery {
  if (mode === Mode.LATEST) return { cursor: undefined, recovered: false }
  return { cursor: { epoch, seq: Math.max(0, firstSeq - 1) }, recovered: false }
}

/**
 * Undefined where nothing was missed, or where it cannot be said now: then all of it follows the
 * answer.
 */
async function readMissed(source: Source, from: Cursor, wanted: Recovering): Promise<Missed | undefined> {
  const { mode, filters, owner } = wanted
  const { recoveredBytesMax: bytesMax } = limits
  const accepts = compileFilters(filters)
  const known = source.firstAfter(from, { mode, accepts }, bytesMax)
  if (known !== undefined) return known
  const { epoch, head, completeFrom: complete } = source.log
  // In mode LATEST the stream is read for the whole table, which is too much for an answer.
  if (mode !== Mode.ALL || from.epoch !== epoch || from.seq >= Math.min(head, complete)) return undefined
  const isWanted = (): boolean => wanted.isWanted()
  const range = { epoch, after: from.seq, filters, accepts, complete, bytesMax, owner, isWanted }
  const chunk = await source.reader.read(range)
  // What retention has dropped meanwhile is told by a gap.
  if (chunk === undefined || chunk.lostTo > from.seq) return undefined
  return { ...chunk, conflated: 0, uncounted: false }
}
