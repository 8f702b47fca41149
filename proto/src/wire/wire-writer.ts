/** Puts the parts of Protobuf's encoding one after the other. */
export class WireWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256)
  #at = 0

  tag(field: number, wireType: number): void {
    this.uint32((field << 3) | wireType)
  }

  uint32(value: number): void {
    this.#grow(5)
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#at++] = rest
  }

  /** Negative numbers are written in two's complement of 64 bits. */
  int64(value: bigint): void {
    this.#grow(10)
    let rest = BigInt.asUintN(64, value)
    while (rest > 0x7fn) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.#at++] = Number(rest)
  }

  double(value: number): void {
    this.#grow(8)
    new DataView(this.#bytes.buffer).setFloat64(this.#at, value, true)
    this.#at += 8
  }

  slice(value: Uint8Array): void {
    this.uint32(value.length)
    this.#grow(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  string(value: string): void {
    this.delimited(() => {
      this.#grow(value.length * 3)
      this.#at += encoder.encodeInto(value, this.#bytes.subarray(this.#at)).written
    })
  }

  /** The length of what `write` adds, then that. */
  delimited(write: () => void): void {
    this.#grow(1)
    const start = ++this.#at
    write()
    const length = this.#at - start
    if (length < 0x80) {
      this.#bytes[start - 1] = length
      return
    }
    const more = Math.ceil((32 - Math.clz32(length)) / 7) - 1
    this.#grow(more)
    this.#bytes.copyWithin(start + more, start, this.#at)
    this.#at = start - 1
    this.uint32(length)
    this.#at = start + more + length
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at)
  }

  #grow(more: number): void {
    const needed = this.#at + more
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = grown
  }
}

const encoder = /* @__PURE__ */ new TextEncoder()
