/**
 * Reads a weir.v1.Batch as it came, without objects an entry, so that a generator can check every
 * entry of ten thousand sockets. It trusts no field order but that of varint fields before their
 * use.
 */
export class BatchReader {
  channel = 0
  from = 0
  to = 0
  conflated = 0
  /** Where it says that it ends, which may be further than what is there of it. */
  saysEnd = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #end = 0
  // The entry that `next` has read.
  seq = 0
  subjectStart = 0
  subjectEnd = 0
  /** Where its event begins, or 0 when it is a removal. */
  eventStart = 0

  /** Whether the frame at [start, end) is a Batch; then its head is read. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes[start] !== frameBatch) return false
    this.#bytes = bytes
    this.#at = start + 1
    const length = this.#varint()
    this.saysEnd = this.#at + length
    this.#end = end
    this.channel = this.from = this.to = this.conflated = 0
    for (;;) {
      const tag = this.#at < end ? bytes[this.#at] : 0
      if (tag === undefined || tag > batchUncounted || tag === 0) return true
      this.#at++
      const value = this.#varint()
      if (tag === batchChannel) this.channel = value
      else if (tag === batchFrom) this.from = value
      else if (tag === batchTo) this.to = value
      else if (tag === batchConflated) this.conflated = value
    }
  }

  /** How many entries follow; they can still be read afterwards. */
  count(): number {
    const start = this.#at
    let count = 0
    while (this.#at < this.#end) {
      this.#at++
      const length = this.#varint()
      this.#at += length
      count++
    }
    if (this.#at !== this.#end) throw new Error('the entries of a batch do not end where the batch does')
    this.#at = start
    return count
  }

  /** Reads the next entry; false when there is none. */
  next(): boolean {
    if (this.#at >= this.#end) return false
    if (this.#bytes[this.#at++] !== batchEntries) throw new Error('a field of the batch is not an entry')
    const length = this.#varint()
    const end = this.#at + length
    this.eventStart = 0
    while (this.#at < end) {
      const tag = this.#bytes[this.#at++]
      const value = this.#varint()
      if (tag === entrySeq) this.seq = value
      else if (tag === entrySubject) {
        this.subjectStart = this.#at
        this.#at += value
        this.subjectEnd = this.#at
      } else if (tag === entryEvent) {
        this.eventStart = this.#at
        this.#at += value
      } else if (tag !== entryRemoval) throw new Error(`an entry has a field with tag ${tag}`)
    }
    if (this.#at !== end) throw new Error('an entry does not end where it says')
    return true
  }

  #varint(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new Error('a batch ends within a number')
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
  }
}

// Field number and wire type, by weir/v1/wire.proto.
const frameBatch = 0x1a
const batchChannel = 0x08
const batchFrom = 0x10
const batchTo = 0x18
const batchConflated = 0x20
const batchUncounted = 0x28
const batchEntries = 0x32
const entrySubject = 0x0a
const entrySeq = 0x10
const entryEvent = 0x1a
const entryRemoval = 0x20
