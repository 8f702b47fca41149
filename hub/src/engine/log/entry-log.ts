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
 * What a hub holds of one source, as one list in the order of sequence: a compacted part (the
 * newest entry of each subject, older than the ring), then the ring (everything). An entry is
 * encoded when it arrives, as it will stand in a batch, so that a batch is made by copying.
 *
 * Budget: 1 us an append, amortised, with the drop of what leaves the ring
 * (bench/src/inbound.bench.ts).
 */
export class EntryLog implements BudgetHolder {
  /** What could not be had from the stream. */
  readonly gaps: Gaps = new Gaps()
  readonly #bounds: LogBounds
  readonly #beforeDrop: (first: number, last: number) => void
  readonly #table: LatestTable
  readonly #segments: Segments
  readonly #tombstones: Tombstones
  /**
   * Sorted by seq. Below #ringStart some are void (superseded) until the next compaction takes them
   * out.
   */
  #entries: Entry[] = []
  #ringStart = 0
  #voidCount = 0
  /** A segment to which nothing refers any more, while room is made for a new one. */
  #dropped: Uint8Array | undefined
  #ringBytes = 0
  #epoch = 0
  #begins = 0
  #head = 0
  /** Up to here entries have left the ring. */
  #droppedTo = 0
  #completeFrom = 0
  #latestFrom = 0
  #removalsFrom = 0
  #keepsNewest = false

  /**
   * `beforeDrop` is called before the entries of indexes [first, last) leave the ring, while they
   * can still be read.
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
   * How often it has begun: what was asked of the stream before is void afterwards, be it the same
   * incarnation.
   */
  get begins(): number {
    return this.#begins
  }

  /** Sequence of the newest entry, or of a gap's end if that is newer. */
  get head(): number {
    return this.#head
  }

  /** Every entry past this sequence is here. */
  get completeFrom(): number {
    return this.#completeFrom
  }

  /** The newest entry of every subject that has one past this sequence is here. */
  get latestFrom(): number {
    return this.#latestFrom
  }

  /** Every removal past this sequence that still stands is here. */
  get removalsFrom(): number {
    return this.#removalsFrom
  }

  /**
   * Whether the stream keeps the newest entry of each subject alone: what it no longer has is
   * superseded, not lost.
   */
  get keepsNewest(): boolean {
    return this.#keepsNewest
  }

  /** All that is held, in the order of sequence; good until the next append. */
  get entries(): readonly Entry[] {
    return this.#entries
  }

  get subjectCount(): number {
    return this.#table.subjectCount
  }

  /** Bytes of the ring, with what stands around its entries. */
  get ringBytes(): number {
    return this.#ringBytes
  }

  /** Bytes of the entries that are older than the ring. */
  get keptBytes(): number {
    return this.#table.keptBytes
  }

  /** The newest entry of a subject; undefined when there is none here, or only its removal. */
  latest(subject: string): Entry | undefined {
    return this.#table.get(subject)
  }

  /** Index of the first entry past a sequence. */
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

  /** Forgets everything: another incarnation of the stream begins, or the same is read again. */
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
   * The newest entry of each subject was appended, as far as retention has left it (from `first`
   * on); from here on each entry is. A stream whose values can go (`removals`) keeps its markers of
   * expiry for one time, so from the oldest that is still there on, every removal was seen.
   */
  loaded(head: number, first: number, removals: boolean): void {
    this.#head = head
    this.#completeFrom = head
    this.#keepsNewest = removals
    if (!removals) {
      // Who comes with an older cursor may have missed the newest of a subject.
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
   * Forgets the removals that are too many or too old. Those in the ring cost nothing more than any
   * entry does.
   */
  forgetRemovals(now: number): void {
    const next = (): Entry | undefined => this.#tombstones.takeExcess(this.#droppedTo, now)
    for (let entry = next(); entry !== undefined; entry = next()) if (!isSuperseded(entry)) this.#forget(entry)
  }

  /** Gives everything back to the budget. */
  close(): void {
    this.begin(this.#epoch)
    this.#bounds.budget.leave(this.#bounds.tenant, this)
  }

  // What the budget calls (BudgetHolder).

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

  /** Memory outside of the heap that comes and goes is what makes V8 collect its old generation. */
  #takeDropped(size: number): Uint8Array | undefined {
    const dropped = this.#dropped
    this.#dropped = undefined
    return dropped?.length === size ? dropped : undefined
  }

  /** What the ring costs by now: once a segment, since it is on the path of no entry. */
  #account(): void {
    const entries = this.#entries.length - this.#ringStart
    const subjects = this.#table.subjectCount - this.#table.keptCount
    const bytes = this.#segments.bytes + entries * RING_ENTRY_BYTES + subjects * RING_SUBJECT_BYTES
    this.#bounds.budget.addRing(bytes - this.#ringBytes)
    this.#ringBytes = bytes
  }

  /** Nothing refers to what it gives. */
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

  /** The newest of its subject stays, with bytes of its own; the rest is void. */
  #leaveRing(entry: Entry): void {
    this.#droppedTo = entry.seq
    this.#completeFrom = Math.max(this.#completeFrom, entry.seq)
    if (isSuperseded(entry)) {
      makeVoid(entry)
      this.#voidCount++
    } else this.#table.keep(entry)
  }

  /** A kept entry is superseded; its place in the list stays until the next compaction. */
  #giveUp(entry: Entry): void {
    if (this.#table.giveUp(entry)) this.#voidCount++
  }

  /** Forgets the subjects that were quiet for longest, for as long as it is asked to. */
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

/** What an entry of the ring costs beside its bytes, and a subject that has its newest there. */
const RING_ENTRY_BYTES = 88
const RING_SUBJECT_BYTES = 180
