import { Mode, Start } from '@weir/proto'
import type { EntryLog } from '../log/entry-log.ts'

/**
 * The position of a subscriber in a log: a sequence, and the number of entries past it that have
 * left the ring and are still to be sent or counted. Mode ALL owes nothing, as it sends or
 * announces every entry.
 *
 * Invariant: everything up to `seq` was sent, counted or announced. `owed` is the number of
 * matching entries that have left the ring, lie past both `seq` and `uncountedTo`, and are to be
 * sent or counted; it is 0 when no such entry has left the ring. Only a beginning (snapshot,
 * restart, resume) moves `seq` back.
 */
export class Position {
  #seq: number
  #owed: number
  #uncountedTo = 0
  #snapshotAt = 0
  #streamTo = 0
  #removalsFrom = 0

  constructor(seq: number, owed = 0) {
    this.#seq = seq
    this.#owed = owed
  }

  /** Everything up to this sequence was sent, counted or announced. */
  get seq(): number {
    return this.#seq
  }

  /** Number of matching entries past `countedFrom` that were counted when they left the ring. */
  get owed(): number {
    return this.#owed
  }

  /**
   * Entries up to this sequence are not counted: the subscription began with a cursor older than
   * the ring.
   */
  get uncountedTo(): number {
    return this.#uncountedTo
  }

  /** Entries past this sequence are owed when they leave the ring. */
  get countedFrom(): number {
    return Math.max(this.#seq, this.#uncountedTo)
  }

  /**
   * The head when the snapshot began. The reader needs no removal up to it, since it has nothing to
   * remove.
   */
  get snapshotAt(): number {
    return this.#snapshotAt
  }

  /** Whether mode LATEST has to read the stream because memory has forgotten subjects. */
  get isStreaming(): boolean {
    return this.#seq < this.#streamTo
  }

  /** The sequence up to which the stream is read. */
  get streamTo(): number {
    return this.#streamTo
  }

  /**
   * Removals and gaps up to this sequence may be forgotten: the entries that they concern were not
   * sent, or are sent again.
   */
  get safeTo(): number {
    return Math.max(this.#seq, this.isStreaming ? this.#removalsFrom : this.#snapshotAt)
  }

  /** Positions with the same key take the same steps. */
  get key(): string {
    return [this.#seq, this.#owed, this.#uncountedTo, this.#snapshotAt, this.#streamTo, this.#removalsFrom].join()
  }

  /** Moves to the beginning of the latest state; `head` is the position of the channel. */
  snapshot(log: EntryLog, head: number): Start {
    this.#reset(0)
    this.#uncountedTo = log.completeFrom
    this.#snapshotAt = head
    return Start.SNAPSHOT
  }

  /** Moves to the beginning of another incarnation of the stream. */
  restart(log: EntryLog): Start {
    this.#reset(0)
    return log.completeFrom > 0 ? Start.STREAM : Start.MEMORY
  }

  /** Moves to `head`, so that only later entries are sent. */
  follow(head: number): Start {
    this.#reset(head)
    return Start.HEAD
  }

  /**
   * Moves to a cursor of this incarnation, or to a snapshot when removals past the cursor are
   * forgotten.
   */
  resume(seq: number, mode: Mode, log: EntryLog, head: number): Start {
    const isLatest = mode === Mode.LATEST
    if (isLatest && seq < log.removalsFrom) return this.snapshot(log, head)
    this.#reset(seq)
    if (isLatest && seq < log.completeFrom) this.#uncountedTo = log.completeFrom
    return seq < (isLatest ? log.latestFrom : log.completeFrom) ? Start.STREAM : Start.MEMORY
  }

  /** Moves past entries that a gap announces. */
  pass(to: number): void {
    this.#seq = to
  }

  /**
   * Gives up counting before memory begins: retention has dropped an unknown number of the owed
   * entries.
   */
  loseOwed(log: EntryLog): void {
    this.#owed = 0
    this.#uncountedTo = log.completeFrom
  }

  /** Moves past a batch that was sent. */
  sent({ to, owed, uncountedTo }: Reached): void {
    this.#seq = to
    this.#owed = owed
    this.#uncountedTo = uncountedTo
  }

  /** Adds matching entries past `countedFrom` that leave the ring. */
  owe(count: number): void {
    this.#owed += count
  }

  /**
   * Makes the subscriber read the stream up to a sequence at least. Entries that it reads may have
   * been removed since, so it gets every removal.
   */
  streamUntil(to: number, log: EntryLog): void {
    this.#removalsFrom = log.removalsFrom
    this.#snapshotAt = 0
    this.#streamTo = Math.max(this.#streamTo, to)
  }

  #reset(seq: number): void {
    this.#seq = seq
    this.#owed = this.#uncountedTo = this.#snapshotAt = this.#streamTo = this.#removalsFrom = 0
  }
}

/** The position after a batch. */
export interface Reached {
  readonly to: number
  readonly owed: number
  readonly uncountedTo: number
}
