import { Mode, Start } from '@weir/proto'
import type { EntryLog } from '../log/entry-log.ts'

/**
 * Where a subscriber is in a log: its sequence, and how many entries that it has not passed are
 * still to be sent or counted for it. Mode ALL is sent or announced every entry, so nothing is
 * owed.
 *
 * Invariant: everything up to `seq` was sent, counted or announced. `owed` is how many of the
 * entries that have left the ring match, lie past both `seq` and `uncountedTo`, and are to be sent
 * or counted; so it is 0 where nothing that left the ring lies past them. Only a beginning
 * (snapshot, restart, resume) moves `seq` back.
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

  /** Everything up to here was sent, counted or announced. */
  get seq(): number {
    return this.#seq
  }

  /** Entries past `countedFrom` that match and were counted when they left the ring. */
  get owed(): number {
    return this.#owed
  }

  /**
   * Up to here nothing is counted: the subscription began there with a cursor older than the ring.
   */
  get uncountedTo(): number {
    return this.#uncountedTo
  }

  /** What leaves the ring past this sequence is owed. */
  get countedFrom(): number {
    return Math.max(this.#seq, this.#uncountedTo)
  }

  /** The head when its snapshot began: a removal up to here has nothing to remove. */
  get snapshotAt(): number {
    return this.#snapshotAt
  }

  /** Mode LATEST reads the stream up to here, where memory has forgotten subjects. */
  get isStreaming(): boolean {
    return this.#seq < this.#streamTo
  }

  /** Up to where the stream is read. */
  get streamTo(): number {
    return this.#streamTo
  }

  /**
   * Up to here the forgetting of removals and gaps does no harm: what they were about was not sent,
   * or comes again.
   */
  get safeTo(): number {
    return Math.max(this.#seq, this.isStreaming ? this.#removalsFrom : this.#snapshotAt)
  }

  /** Two positions of one key take the same steps from here on. */
  get key(): string {
    return [this.#seq, this.#owed, this.#uncountedTo, this.#snapshotAt, this.#streamTo, this.#removalsFrom].join()
  }

  /** Moves to the beginning of the latest state; the channel stands at `head`. */
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

  /** Moves to `head`, so that what comes after it is sent. */
  follow(head: number): Start {
    this.#reset(head)
    return Start.HEAD
  }

  /**
   * Moves to a cursor of this incarnation, or to a snapshot where removals past it are forgotten.
   */
  resume(seq: number, mode: Mode, log: EntryLog, head: number): Start {
    const isLatest = mode === Mode.LATEST
    if (isLatest && seq < log.removalsFrom) return this.snapshot(log, head)
    this.#reset(seq)
    if (isLatest && seq < log.completeFrom) this.#uncountedTo = log.completeFrom
    return seq < (isLatest ? log.latestFrom : log.completeFrom) ? Start.STREAM : Start.MEMORY
  }

  /** Moves past entries that it will not get, which are announced as a gap. */
  pass(to: number): void {
    this.#seq = to
  }

  /**
   * Retention has dropped some of what is owed, nobody knows how much: up to where memory begins,
   * nothing is counted any more.
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

  /** Adds entries past `countedFrom` that match and leave the ring. */
  owe(count: number): void {
    this.#owed += count
  }

  /**
   * The subscriber is to read the stream up to a sequence at least. What it gets there may have
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

/** Where a batch takes a position. */
export interface Reached {
  readonly to: number
  readonly owed: number
  readonly uncountedTo: number
}
