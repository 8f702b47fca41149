import type { Entry } from '../log/entry.ts'

/** Reads a source from its stream, for cursors that are older than memory. */
export interface StreamReader {
  /**
   * Reads the matching entries past a position, about `bytesMax` at most. `complete` is the
   * sequence from which memory goes on; the read ends there if the stream has no more before it.
   * Returns undefined when nobody wants the result any more. Throws `unavailable`, also when the
   * stream is another incarnation.
   */
  read(request: StreamRead): Promise<StreamChunk | undefined>
  /** What the stream holds now. Throws `unavailable`. */
  range(): Promise<StreamRange>
}

export interface StreamRange {
  readonly epoch: number
  /** Of the first entry that retention has left; one past the last when there is none. */
  readonly firstSeq: number
  readonly lastSeq: number
}

export interface StreamRead {
  readonly epoch: number
  readonly after: number
  readonly filters: readonly string[]
  readonly accepts: (subject: string) => boolean
  readonly complete: number
  readonly bytesMax: number
  /** The reader. Owners take turns when reads of a tenant wait. */
  readonly owner: object
  /** The reader calls this when the turn of the read has come. */
  isWanted(): boolean
}

export interface StreamChunk {
  /** The entries in the order of sequence. */
  readonly entries: readonly Entry[]
  /** The position after the entries. */
  readonly to: number
  /**
   * Retention may have dropped matching entries up to this sequence; equal to `after` when it
   * dropped none.
   */
  readonly lostTo: number
}
