import { entryBytesMax, Removal, writeEntry } from '@weir/proto'
import { Gaps } from './gaps.ts'
import type { LogBounds } from './memory-budget.ts'
import { Tombstones } from './tombstones.ts'

/**
 * What a hub holds of one source, as one list in the order of sequence: a compacted part (the newest entry of each subject,
 * older than the ring), then the ring (everything). The latest table is the map from subject to its newest entry. An entry is
 * encoded when it arrives, as it will stand in a batch, so that a batch is made by copying.
 *
 * Budget: 1 us an append, amortised, with the drop of what leaves the ring (bench/src/inbound.bench.ts).
 */
export class EntryLog {
  /** What could not be had from the stream. */
  readonly gaps: Gaps = new Gaps()
  readonly #bounds: LogBounds
  readonly #beforeDrop: (first: number, last: number) => void
  readonly #subjects: Map<string, SubjectState> = new Map()
  /** Sorted by seq. Below #ringStart compacted: some are void (superseded) until the next compaction takes them out. */
  #entries: Entry[] = []
  #ringStart = 0
  #voidCount = 0
  #segments: Uint8Array[] = []
  #segmentBytes = 0
  #ringBytes = 0
  #segment: Uint8Array = empty
  #segmentEnd = 0
  #keptBytes = 0
  #keptCount = 0
  readonly #tombstones: Tombstones
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
   * `beforeDrop` is called before the entries of indexes [first, last) leave the ring, while they can still be read.
   */
  constructor(bounds: LogBounds, beforeDrop: (first: number, last: number) => void) {
    this.#bounds = bounds
    this.#beforeDrop = beforeDrop
    this.#tombstones = new Tombstones(bounds)
  }

  get epoch(): number {
    return this.#epoch
  }

  /** How often it has begun: what was asked of the stream before is void afterwards, be it the same incarnation. */
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

  /** Whether the stream keeps the newest entry of each subject alone: what it no longer has is superseded, not lost. */
  get keepsNewest(): boolean {
    return this.#keepsNewest
  }

  get length(): number {
    return this.#entries.length
  }

  get subjectCount(): number {
    return this.#subjects.size
  }

  /** Bytes of the ring, with what stands around its entries. */
  get ringBytes(): number {
    return this.#ringBytes
  }

  /** Bytes of the entries that are older than the ring. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  at(index: number): Entry {
    return this.#entries[index] as Entry
  }

  /** The newest entry of a subject; undefined when there is none here, or only its removal. */
  latest(subject: string): Entry | undefined {
    const entry = this.#subjects.get(subject)?.latest
    return entry === undefined || entry.removal !== Removal.UNSPECIFIED ? undefined : entry
  }

  /** Index of the first entry past a sequence. */
  indexAfter(seq: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.at(middle).seq > seq) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Forgets everything: another incarnation of the stream begins, or the same is read again. */
  begin(epoch: number): void {
    this.#bounds.budget.ringBytes -= this.#ringBytes
    this.#bounds.budget.keptBytes -= this.#keptBytes
    this.#subjects.clear()
    this.#entries = []
    this.#segments = []
    this.#tombstones.clear()
    this.gaps.clear()
    this.#segment = empty
    this.#segmentEnd = this.#segmentBytes = 0
    this.#ringStart = this.#voidCount = this.#ringBytes = this.#keptBytes = this.#keptCount = 0
    this.#head = this.#droppedTo = this.#completeFrom = this.#latestFrom = this.#removalsFrom = 0
    this.#epoch = epoch
    this.#begins++
  }

  /**
   * The newest entry of each subject was appended, as far as retention has left it (from `first` on); from here on each entry
   * is. A stream whose values can go (`removals`) keeps its markers of expiry for one time, so from the oldest that is still
   * there on, every removal was seen.
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

  append(subject: string, seq: number, payload: Uint8Array, removal: Removal, now: number): Entry {
    const bytesMax = entryBytesMax(subject.length, payload.length)
    if (this.#segment.length - this.#segmentEnd < bytesMax) this.#addSegment(bytesMax)
    const start = this.#segmentEnd
    const end = writeEntry(this.#segment, start, subject, seq, payload, removal)
    this.#segmentEnd = end
    let state = this.#subjects.get(subject)
    if (state === undefined) {
      state = { subject, latest: undefined, answer: 0, routedAt: -1 }
      this.#subjects.set(subject, state)
    }
    const entry: Entry = { seq, state, removal, bytes: this.#segment, start, end }
    const superseded = state.latest
    if (superseded !== undefined && superseded.seq <= this.#droppedTo) this.#void(superseded)
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

  /** Forgets the removals that are too many or too old. Those in the ring cost nothing more than any entry does. */
  forgetRemovals(now: number): void {
    const next = (): Entry | undefined => this.#tombstones.takeExcess(this.#droppedTo, now)
    for (let entry = next(); entry !== undefined; entry = next()) if (!isSuperseded(entry)) this.#forget(entry)
  }

  /** Gives everything back to the budget. */
  close(): void {
    this.begin(this.#epoch)
  }

  #addSegment(bytesMin: number): void {
    const { budget, ringBytesMax } = this.#bounds
    // Small at first, so that a quiet tail costs little.
    const sizeMax = Math.min(segmentBytesMax, ringBytesMax / 8)
    const size = Math.max(bytesMin, Math.min(sizeMax, Math.max(segmentBytesMin, this.#segmentBytes)))
    let dropped: Uint8Array | undefined
    this.#account()
    while (
      this.#segments.length > 1 &&
      (this.#ringBytes + size > ringBytesMax || budget.ringBytes + size > budget.ringBytesMax)
    ) {
      dropped = this.#dropSegment()
      this.#account()
    }
    // Memory outside of the heap that comes and goes is what makes V8 collect its old generation.
    this.#segment = dropped?.length === size ? dropped : new Uint8Array(size)
    this.#segmentEnd = 0
    this.#segments.push(this.#segment)
    this.#segmentBytes += size
    this.#account()
  }

  /** What the ring costs by now: once a segment, since it is on the path of no entry. */
  #account(): void {
    const entries = this.#entries.length - this.#ringStart
    const subjects = this.#subjects.size - this.#keptCount
    const bytes = this.#segmentBytes + entries * ringEntryBytes + subjects * ringSubjectBytes
    this.#bounds.budget.ringBytes += bytes - this.#ringBytes
    this.#ringBytes = bytes
  }

  /** Nothing refers to what it gives. */
  #dropSegment(): Uint8Array {
    const segment = this.#segments[0] as Uint8Array
    const first = this.#ringStart
    let last = first
    while (last < this.#entries.length && this.at(last).bytes === segment) last++
    this.#beforeDrop(first, last)
    for (let index = first; index < last; index++) this.#leaveRing(this.at(index))
    this.#ringStart = last
    this.#segments.shift()
    this.#segmentBytes -= segment.length
    this.#keepWithinBounds()
    if (this.#voidCount > compactMin && this.#voidCount > this.#entries.length / 4) this.#compact()
    return segment
  }

  /** The newest of its subject stays, with bytes of its own; the rest is void. */
  #leaveRing(entry: Entry): void {
    this.#droppedTo = entry.seq
    this.#completeFrom = Math.max(this.#completeFrom, entry.seq)
    if (entry.state.latest !== entry) {
      entry.bytes = empty
      entry.start = entry.end = 0
      this.#voidCount++
      return
    }
    entry.bytes = entry.bytes.slice(entry.start, entry.end)
    entry.end -= entry.start
    entry.start = 0
    this.#keptCount++
    this.#keptBytes += keptCost(entry)
    this.#bounds.budget.keptBytes += keptCost(entry)
  }

  /** Takes a kept entry's bytes back; its place in the list stays until the next compaction. */
  #void(entry: Entry): void {
    if (entry.bytes === empty) return
    this.#keptCount--
    this.#keptBytes -= keptCost(entry)
    this.#bounds.budget.keptBytes -= keptCost(entry)
    entry.bytes = empty
    entry.start = entry.end = 0
    this.#voidCount++
  }

  #keepWithinBounds(): void {
    const { budget, subjectsMax } = this.#bounds
    for (let index = 0; index < this.#ringStart; index++) {
      if (this.#keptCount <= subjectsMax && budget.keptBytes <= budget.keptBytesMax) return
      const entry = this.at(index)
      if (entry.bytes === empty) continue
      this.#forget(entry)
      this.#latestFrom = entry.seq
    }
  }

  #forget(entry: Entry): void {
    if (entry.removal !== Removal.UNSPECIFIED) this.#removalsFrom = Math.max(this.#removalsFrom, entry.seq)
    this.#subjects.delete(entry.state.subject)
    entry.state.latest = undefined
    this.#void(entry)
  }

  #compact(): void {
    const ringStart = this.#ringStart
    let count = 0
    this.#entries = this.#entries.filter((entry, index) => {
      const stays = index >= ringStart || entry.bytes !== empty
      if (stays && index < ringStart) count++
      return stays
    })
    this.#ringStart = count
    this.#voidCount = 0
  }
}

/** An event or a removal, with where its encoded form stands. */
export interface Entry {
  readonly seq: number
  readonly state: SubjectState
  /** A value of weir.v1.Removal; 0 for an event. */
  readonly removal: Removal
  /** A segment of the ring, or bytes of its own; the entry as weir.v1.Batch.entries is [start, end) of it. */
  bytes: Uint8Array
  start: number
  end: number
}

/** What is known of a subject: its newest entry, and which channels it goes to. */
export interface SubjectState {
  readonly subject: string
  latest: Entry | undefined
  /** Which of the router's answers is its own at the version `routedAt`. */
  answer: number
  routedAt: number
}

/** Whether a newer entry of the same subject has come. */
export function isSuperseded(entry: Entry): boolean {
  return entry.state.latest !== entry
}

const empty = new Uint8Array(0)
const segmentBytesMin = 65_536
const segmentBytesMax = 1_048_576
const compactMin = 4096
/** What an entry of the ring costs beside its bytes, and a subject that has its newest there. */
const ringEntryBytes = 88
const ringSubjectBytes = 180
/** What an entry that has left the ring costs beside its bytes: two objects, a map slot, a typed array. At 100,000 subjects. */
const keptEntryBytes = 320

function keptCost(entry: Entry): number {
  return entry.end - entry.start + keptEntryBytes
}
