import { type Cursor, Mode } from '@weir/proto'
import type { Source } from '../../engine/source.ts'

/** From where a subscription goes on, and whether nothing is missing up to there. */
export interface Recovery {
  /** Undefined: as if it had asked for none. */
  readonly cursor: Cursor | undefined
  readonly recovered: boolean
}

/**
 * The protocol says with its first answer whether a position could be recovered, so what memory
 * cannot tell is asked of the stream before. Throws `unavailable`.
 */
export async function recover(source: Source, mode: Mode, asked: Cursor): Promise<Recovery> {
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
