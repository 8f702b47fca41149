import { Buffer } from 'node:buffer'
import { WeirError } from '@weir/proto'

/**
 * Cuts what a socket gives into whole packets of MQTT (section 2.1 of both versions), so that the
 * parser never sees more than one, nor one that is too large. What it is given it keeps, so that
 * nobody may write to it afterwards.
 */
export class PacketCutter {
  /** Larger packets are refused. */
  bytesMax: number
  /** Of a packet that has not come whole. They are joined once, when it has. */
  readonly #parts: Uint8Array[] = []
  #restBytes = 0
  /** How many there must be before it is worth a look. */
  #neededBytes = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /** Of a packet that has not come whole. */
  get restBytes(): number {
    return this.#restBytes
  }

  /**
   * The packets that are whole now, in their order. Throws `malformed` and `too_large` when it
   * comes to them.
   */
  *cut(chunk: Uint8Array): Generator<Uint8Array> {
    this.#parts.push(chunk)
    this.#restBytes += chunk.length
    if (this.#restBytes < this.#neededBytes) return
    const bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts, this.#restBytes)
    this.#parts.length = 0
    this.#restBytes = 0
    this.#neededBytes = 0
    let start = 0
    let end: number | undefined
    while (start < bytes.length) {
      end = this.#endOf(bytes, start)
      if (end === undefined || end > bytes.length) break
      yield bytes.subarray(start, end)
      start = end
    }
    if (start === bytes.length) return
    // A copy, so that a few bytes do not keep a whole chunk.
    const rest = Uint8Array.prototype.slice.call(bytes, start)
    this.#parts.push(rest)
    this.#restBytes = rest.length
    this.#neededBytes = end === undefined ? rest.length + 1 : end - start
  }

  /** Where the packet that begins at `start` ends; undefined while its head has not come. */
  #endOf(bytes: Uint8Array, start: number): number | undefined {
    let length = 0
    let scale = 1
    for (let at = start + 1; at <= start + 4; at++) {
      const byte = bytes[at]
      if (byte === undefined) return undefined
      length += (byte & 127) * scale
      scale *= 128
      if (byte >= 128) continue
      const end = at + 1 + length
      if (end - start > this.bytesMax) {
        throw new WeirError(
          'too_large',
          `A packet here has at most ${this.bytesMax} bytes: this one has ${end - start}.`,
        )
      }
      return end
    }
    throw new WeirError('malformed', 'The length of a packet takes at most four bytes.')
  }
}
