import { entryBytesMax, writeEntry } from '@weir/proto'

/**
 * What a hub holds of one source, as one list in the order of sequence: a compacted part (the newest entry of each subject,
 * older than the ring), then the ring (everything). The latest table is the map from subject to its newest entry. An entry is
 * encoded when it arrives, as it will stand in a batch, so that a batch is made by copying.
 *
 * Budget: 1 us an append, amortised, with the drop of what leaves the ring (bench/src/inbound.bench.ts).
 */
export class EntryLog {
  readonly #bounds: LogBounds
  readonly #beforeDrop: (first: number, last: number) => void
  readonly #subjects: Map<string, SubjectState> = new Map()
  /** Sorted by seq. Below #ringStart compacted: some are void (superseded) until the next compaction takes them out. */
  #entries: Entry[] = []
  #ringStart = 0
  #voidCount = 0
  #segments: Uint8Array[] = []
  #ringBytes = 0
  #segment: Uint8Array = empty
  #segmentEnd = 0
  #keptBytes = 0
  #keptCount = 0
  /** Tombstones in the order of seq, with when they came. */
  #tombstones: Tombstone[] = []
  #tombstonesDropped = 0
  #epoch = 0
  #head = 0
  /** Up to here entries have left the ring. */
  #droppedTo = 0
  #completeFrom = 0
  #latestFrom = 0
  #removalsFrom = 0
  #gaps: SeqRange[] = []
  #gapsFrom = 0
  #keepsNewest = false

  /**
   * `beforeDrop` is called before the entries of indexes [first, last) leave the ring, while they can still be read.
   */
  constructor(bounds: LogBounds, beforeDrop: (first: number, last: number) => void) {
    this.#bounds = bounds
    this.#beforeDrop = beforeDrop
  }

  get epoch(): number {
    return this.#epoch
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

  /** What could not be had from the stream, in the order of sequence. */
  get gaps(): readonly SeqRange[] {
    return this.#gaps
  }

  /** Every gap past this sequence is in `gaps`. */
  get gapsFrom(): number {
    return this.#gapsFrom
  }

  get length(): number {
    return this.#entries.length
  }

  get subjectCount(): number {
    return this.#subjects.size
  }

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
    return entry === undefined || entry.removal !== 0 ? undefined : entry
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

  /** Forgets everything: another incarnation of the stream begins. */
  begin(epoch: number): void {
    this.#bounds.budget.ringBytes -= this.#ringBytes
    this.#bounds.budget.keptBytes -= this.#keptBytes
    this.#subjects.clear()
    this.#entries = []
    this.#segments = []
    this.#tombstones = []
    this.#gaps = []
    this.#segment = empty
    this.#segmentEnd = 0
    this.#ringStart = this.#voidCount = this.#ringBytes = this.#keptBytes = this.#keptCount = 0
    this.#tombstonesDropped = 0
    this.#head = this.#droppedTo = this.#completeFrom = this.#latestFrom = this.#removalsFrom = this.#gapsFrom = 0
    this.#epoch = epoch
  }

  /**
   * The newest entry of each subject was appended; from here on each entry is. A stream whose values can go (`removals`) keeps
   * its markers of expiry for one time, so from the oldest that is still there on, every removal was seen.
   */
  loaded(head: number, removals: boolean): void {
    this.#head = head
    this.#completeFrom = head
    this.#keepsNewest = removals
    if (!removals) return
    const oldest = this.#entries.find((entry) => entry.removal === 2)
    this.#removalsFrom = oldest === undefined ? head : oldest.seq - 1
  }

  append(subject: string, seq: number, payload: Uint8Array, removal: 0 | 1 | 2, now: number): Entry {
    const bytesMax = entryBytesMax(subject.length, payload.length)
    if (this.#segment.length - this.#segmentEnd < bytesMax) this.#addSegment(bytesMax)
    const start = this.#segmentEnd
    const end = writeEntry(this.#segment, start, subject, seq, payload, removal)
    this.#segmentEnd = end
    let state = this.#subjects.get(subject)
    if (state === undefined) {
      state = { subject, latest: undefined, channels: noChannels, routedAt: -1 }
      this.#subjects.set(subject, state)
    }
    const entry: Entry = { seq, state, removal, bytes: this.#segment, start, end }
    const superseded = state.latest
    if (superseded !== undefined && superseded.seq <= this.#droppedTo) this.#void(superseded)
    state.latest = entry
    this.#entries.push(entry)
    this.#head = seq
    if (removal !== 0) this.#bury(entry, now)
    return entry
  }

  gap(from: number, to: number): void {
    const last = this.#gaps.at(-1)
    if (last?.to === from) this.#gaps.pop()
    this.#gaps.push({ from: last?.to === from ? last.from : from, to })
    if (this.#gaps.length > gapsMax) this.#gapsFrom = (this.#gaps.shift() as SeqRange).to
    this.#head = to
  }

  /** Gives everything back to the budget. */
  close(): void {
    this.begin(this.#epoch)
  }

  #addSegment(bytesMin: number): void {
    const { budget, ringBytesMax } = this.#bounds
    // Small at first, so that a quiet tail costs little.
    const sizeMax = Math.min(segmentBytesMax, ringBytesMax / 8)
    const size = Math.max(bytesMin, Math.min(sizeMax, Math.max(segmentBytesMin, this.#ringBytes)))
    let dropped: Uint8Array | undefined
    while (
      this.#segments.length > 1 &&
      (this.#ringBytes + size > ringBytesMax || budget.ringBytes + size > budget.ringBytesMax)
    ) {
      dropped = this.#dropSegment()
    }
    // Memory outside of the heap that comes and goes is what makes V8 collect its old generation.
    this.#segment = dropped?.length === size ? dropped : new Uint8Array(size)
    this.#segmentEnd = 0
    this.#segments.push(this.#segment)
    this.#ringBytes += size
    budget.ringBytes += size
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
    this.#ringBytes -= segment.length
    this.#bounds.budget.ringBytes -= segment.length
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
    this.#subjects.delete(entry.state.subject)
    entry.state.latest = undefined
    this.#void(entry)
  }

  #bury(entry: Entry, now: number): void {
    const { tombstonesMax, tombstoneMs } = this.#bounds
    const tombstones = this.#tombstones
    tombstones.push({ entry, at: now })
    for (;;) {
      const oldest = tombstones[this.#tombstonesDropped] as Tombstone
      const excess = tombstones.length - this.#tombstonesDropped > tombstonesMax || now - oldest.at > tombstoneMs
      // In the ring it costs nothing more than any entry does.
      if (!excess || oldest.entry.seq > this.#droppedTo) break
      this.#tombstonesDropped++
      if (isSuperseded(oldest.entry)) continue
      this.#forget(oldest.entry)
      this.#removalsFrom = oldest.entry.seq
    }
    if (this.#tombstonesDropped > compactMin) {
      tombstones.splice(0, this.#tombstonesDropped)
      this.#tombstonesDropped = 0
    }
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
  readonly removal: 0 | 1 | 2
  /** A segment of the ring, or bytes of its own; the entry as weir.v1.Batch.entries is [start, end) of it. */
  bytes: Uint8Array
  start: number
  end: number
}

/** What is known of a subject: its newest entry, and which channels it goes to. */
export interface SubjectState {
  readonly subject: string
  latest: Entry | undefined
  /** The router's answer at its version `routedAt`. */
  channels: readonly unknown[]
  routedAt: number
}

/** The entries in (from, to]. */
export interface SeqRange {
  readonly from: number
  readonly to: number
}

/** Memory of all logs of a hub together. */
export interface MemoryBudget {
  ringBytes: number
  readonly ringBytesMax: number
  keptBytes: number
  readonly keptBytesMax: number
}

export interface LogBounds {
  readonly budget: MemoryBudget
  /** Past it the ring is shorter: older cursors are served from the stream. */
  readonly ringBytesMax: number
  /** Past it the subject that was quiet for longest is forgotten: snapshots are served from the stream. */
  readonly subjectsMax: number
  /** Removals that are remembered, by number and age; an older cursor starts with a snapshot. */
  readonly tombstonesMax: number
  readonly tombstoneMs: number
}

/** Whether a newer entry of the same subject has come. */
export function isSuperseded(entry: Entry): boolean {
  return entry.state.latest !== entry
}

interface Tombstone {
  readonly entry: Entry
  readonly at: number
}

const empty = new Uint8Array(0)
const noChannels: readonly unknown[] = []
const segmentBytesMin = 65_536
const segmentBytesMax = 1_048_576
const compactMin = 4096
const gapsMax = 64
/** What an entry costs beside its bytes: two objects, a map slot, a typed array. Measured at 100,000 subjects. */
const entryOverheadBytes = 320

function keptCost(entry: Entry): number {
  return entry.end - entry.start + entryOverheadBytes
}
