import type { Entry } from '../log/entry.ts'

/** Reads a source from its stream, for cursors that are older than memory. */
export interface StreamReader {
  /**
   * What matches past a position, at most about `bytesMax`. `complete` is the sequence from which
   * memory goes on: where the stream has no more up to there, the read ends there. Undefined when
   * nobody wants it any more. Throws `unavailable`, also when the stream is another incarnation.
   */
  read(request: StreamRead): Promise<StreamChunk | undefined>
}

export interface StreamRead {
  readonly epoch: number
  readonly after: number
  readonly filters: readonly string[]
  readonly accepts: (subject: string) => boolean
  readonly complete: number
  readonly bytesMax: number
  /** Who reads: where reads of a tenant wait, owners take turns. */
  readonly owner: object
  /** Asked when its turn has come. */
  isWanted(): boolean
}

export interface StreamChunk {
  /** In the order of seq. */
  readonly entries: readonly Entry[]
  /** How far it goes. */
  readonly to: number
  /** Entries up to here that matched may have been dropped by retention; `after` when none was. */
  readonly lostTo: number
}
