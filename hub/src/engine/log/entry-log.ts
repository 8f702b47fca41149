import { entryBytesMax, Removal } from '@weir/proto'
import { limits } from '../../limits.ts'
import { type Entry, isSuperseded, isVoid, makeVoid } from './entry.ts'
import { Gaps } from './gaps.ts'
import { LatestTable } from './latest-table.ts'
import type { LogBounds } from './log-bounds.ts'
import type { BudgetHolder } from './memory-budget.ts'
import { Segments } from './segments.ts'
import { Tombstones } from './tombstones.ts'

/**
 * The entries that a hub holds of one source, as one list in the order of sequence. The first part
 * is compacted: it has the newest entry of each subject that left the ring. The second part is the
 * ring: it has every entry. An entry is encoded when it arrives, in the form in which a batch
 * carries it, so a batch is made by copying bytes.
 *
 * Budget: 1 us an append, amortised, which includes dropping what leaves the ring
 * (bench/src/inbound.bench.ts).
 */
export class EntryLog implements BudgetHolder {
  /** Ranges of sequences that the stream could not deliver. */
  readonly gaps: Gaps = new Gaps()
  readonly #bounds: LogBounds
  readonly #beforeDrop: (first: number, last: number) => void
  readonly #table: LatestTable
  readonly #segments: Segments
  readonly #tombstones: Tombstones
  /**
   * The entries, sorted by sequence. Some before #ringStart are void (superseded); the next
   * compaction removes them.
   */
  #entries: Entry[] = []
  #ringStart = 0
  #voidCount = 0
  /** A dropped segment that no entry refers to; the next segment of its size reuses it. */
  #dropped: Uint8Array | undefined
  #ringBytes = 0
  #epoch = 0
  #begins = 0
  #head = 0
  /** Every entry up to this sequence has left the ring. */
  #droppedTo = 0
  #completeFrom = 0
  #latestFrom = 0
  #removalsFrom = 0
  #keepsNewest = false

  /**
   * `beforeDrop` is called before the entries of indexes [first, last) leave the ring. Their bytes
   * are still readable then.
   */
  constructor(bounds: LogBounds, beforeDrop: (first: number, last: number) => void) {
    this.#bounds = bounds
    this.#beforeDrop = beforeDrop
    this.#table = new LatestTable(bounds)
    this.#segments = new Segments(bounds.ringBytesMax)
    this.#tombstones = new Tombstones(bounds)
    bounds.budget.join(bounds.tenant, this)
  }

  get epoch(): number {
    return this.#epoch
  }

  /**
   * Counts the calls of `begin`. An answer of the stream that was asked for under an earlier count
   * is void, even if it is of the same incarnation.
   */
  get begins(): number {
    return this.#begins
  }

  /** Sequence of the newest entry, or the end of the newest gap if that is higher. */
  get head(): number {
    return this.#head
  }

  /** The log has every entry past this sequence. */
  get completeFrom(): number {
    return this.#completeFrom
  }

  /** The log has the newest entry of every subject that changed past this sequence. */
  get latestFrom(): number {
    return this.#latestFrom
  }

  /** The log has every removal past this sequence that no newer entry supersedes. */
  get removalsFrom(): number {
    return this.#removalsFrom
  }

  /**
   * Whether the stream keeps only the newest entry of each subject. An entry that such a stream no
   * longer has is superseded, not lost.
   */
  get keepsNewest(): boolean {
    return this.#keepsNewest
  }

  /** All entries in the order of sequence. The array is valid until the next append. */
  get entries(): readonly Entry[] {
    return this.#entries
  }

  get subjectCount(): number {
    return this.#table.subjectCount
  }

  /** Bytes of the ring and of the objects that describe its entries. */
  get ringBytes(): number {
    return this.#ringBytes
  }

  /** Bytes of the entries that have left the ring and are kept. */
  get keptBytes(): number {
    return this.#table.keptBytes
  }

  /**
   * Returns the newest entry of a subject, which may be a removal; undefined when the log has none.
   */
  latest(subject: string): Entry | undefined {
    return this.#table.get(subject)
  }

  /** Returns the index of the first entry past a sequence. */
  indexAfter(seq: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#at(middle).seq > seq) high = middle
      else low = middle + 1
    }
    return low
  }

  /**
   * Empties the log. The caller begins another incarnation of the stream, or reads the same one
   * again.
   */
  begin(epoch: number): void {
    this.#bounds.budget.addRing(-this.#ringBytes)
    this.#table.clear()
    this.#segments.clear()
    this.#tombstones.clear()
    this.gaps.clear()
    this.#entries = []
    this.#ringStart = this.#voidCount = this.#ringBytes = 0
    this.#head = this.#droppedTo = this.#completeFrom = this.#latestFrom = this.#removalsFrom = 0
    this.#epoch = epoch
    this.#begins++
  }

  /**
   * Ends the initial load: the newest entry of each subject was appended, as far as retention left
   * it (`first` is the oldest sequence of the stream), and every later entry will be. `removals`
   * says that values of the stream can expire. Such a stream keeps all markers of expiry equally
   * long, so the log knows every removal since the oldest marker that it loaded.
   */
  loaded(head: number, first: number, removals: boolean): void {
    this.#head = head
    this.#completeFrom = head
    this.#keepsNewest = removals
    if (!removals) {
      // A reader with a cursor before `first` may have missed the newest entry of a subject.
      this.gaps.forget(first - 1)
      return
    }
    const oldest = this.#entries.find((entry) => entry.removal === Removal.EXPIRED)
    this.#removalsFrom = Math.max(this.#removalsFrom, oldest === undefined ? head : oldest.seq - 1)
  }

  append(subject: string, seq: number, payload: Uint8Array, removal: Entry['removal'], now: number): Entry {
    const bytesMax = entryBytesMax(subject.length, payload.length)
    if (!this.#segments.hasRoom(bytesMax)) this.#addSegment(bytesMax)
    const state = this.#table.stateOf(subject)
    const entry = this.#segments.write(state, seq, payload, removal)
    const superseded = state.latest
    if (superseded !== undefined && superseded.seq <= this.#droppedTo) this.#giveUp(superseded)
    state.latest = entry
    this.#entries.push(entry)
    this.#head = seq
    if (removal !== Removal.UNSPECIFIED) {
      this.#tombstones.add(entry, now)
      this.forgetRemovals(now)
    }
    return entry
  }

  gap(from: number, to: number): void {
    this.gaps.add(from, to)
    this.#head = to
  }

  /**
   * Forgets removals that are too many or too old. A removal inside the ring is exempt: it costs no
   * more than any other entry.
   */
  forgetRemovals(now: number): void {
    const next = (): Entry | undefined => this.#tombstones.takeExcess(this.#droppedTo, now)
    for (let entry = next(); entry !== undefined; entry = next()) if (!isSuperseded(entry)) this.#forget(entry)
  }

  /** Empties the log and returns its memory to the budget. */
  close(): void {
    this.begin(this.#epoch)
    this.#bounds.budget.leave(this.#bounds.tenant, this)
  }

  // The methods of BudgetHolder, which the budget calls.

  spareBytes(what: 'ring' | 'kept'): number {
    if (what === 'kept') return this.#table.keptBytes
    return this.#segments.count > 1 ? this.#ringBytes : 0
  }

  giveBackRing(): void {
    this.#dropped = this.#dropSegment()
    this.#account()
  }

  giveBackKept(bytes: number): void {
    const enough = this.#table.keptBytes - bytes
    this.#forgetQuietest(() => this.#table.keptBytes > enough)
  }

  #at(index: number): Entry {
    return this.#entries[index] as Entry
  }

  #addSegment(bytesMin: number): void {
    const { budget, ringBytesMax } = this.#bounds
    const size = this.#segments.nextSize(bytesMin)
    this.#dropped = undefined
    this.#account()
    while (this.#segments.count > 1 && this.#ringBytes + size > ringBytesMax) {
      this.giveBackRing()
    }
    budget.makeRoom(size)
    this.#segments.add(this.#takeDropped(size) ?? new Uint8Array(size))
    this.#account()
  }

  /**
   * Reusing the segment matters: V8 collects its old generation more often when memory outside of
   * the heap comes and goes.
   */
  #takeDropped(size: number): Uint8Array | undefined {
    const dropped = this.#dropped
    this.#dropped = undefined
    return dropped?.length === size ? dropped : undefined
  }

  /** Updates the cost of the ring. It runs once a segment, so no append pays for it. */
  #account(): void {
    const entries = this.#entries.length - this.#ringStart
    const subjects = this.#table.subjectCount - this.#table.keptCount
    const bytes = this.#segments.bytes + entries * RING_ENTRY_BYTES + subjects * RING_SUBJECT_BYTES
    this.#bounds.budget.addRing(bytes - this.#ringBytes)
    this.#ringBytes = bytes
  }

  /** Drops the oldest segment and returns its bytes, to which nothing refers any more. */
  #dropSegment(): Uint8Array {
    const segment = this.#segments.oldest
    const first = this.#ringStart
    let last = first
    while (last < this.#entries.length && this.#at(last).bytes === segment) last++
    this.#beforeDrop(first, last)
    for (let index = first; index < last; index++) this.#leaveRing(this.#at(index))
    this.#ringStart = last
    this.#segments.dropOldest()
    this.#forgetQuietest(() => this.#table.isFull)
    this.#bounds.budget.keepWithin()
    if (this.#voidCount > limits.compactMin && this.#voidCount > this.#entries.length / 4) this.#compact()
    return segment
  }

  /**
   * Keeps an entry that is the newest of its subject, in bytes of its own; makes any other void.
   */
  #leaveRing(entry: Entry): void {
    this.#droppedTo = entry.seq
    this.#completeFrom = Math.max(this.#completeFrom, entry.seq)
    if (isSuperseded(entry)) {
      makeVoid(entry)
      this.#voidCount++
    } else this.#table.keep(entry)
  }

  /**
   * Gives up a kept entry that a newer one supersedes. Its place in the list stays until the next
   * compaction.
   */
  #giveUp(entry: Entry): void {
    if (this.#table.giveUp(entry)) this.#voidCount++
  }

  /** Forgets the subjects that were quiet for longest while `goesOn` is true. */
  #forgetQuietest(goesOn: () => boolean): void {
    for (let index = 0; index < this.#ringStart && goesOn(); index++) {
      const entry = this.#at(index)
      if (isVoid(entry)) continue
      this.#forget(entry)
      this.#latestFrom = entry.seq
    }
  }

  #forget(entry: Entry): void {
    if (entry.removal !== Removal.UNSPECIFIED) this.#removalsFrom = Math.max(this.#removalsFrom, entry.seq)
    if (this.#table.forget(entry)) this.#voidCount++
  }

  #compact(): void {
    const ringStart = this.#ringStart
    let count = 0
    this.#entries = this.#entries.filter((entry, index) => {
      const stays = index >= ringStart || !isVoid(entry)
      if (stays && index < ringStart) count++
      return stays
    })
    this.#ringStart = count
    this.#voidCount = 0
  }
}

/** Estimated heap bytes of an entry of the ring, and of a subject whose newest entry is there. */
const RING_ENTRY_BYTES = 88
const RING_SUBJECT_BYTES = 180
