import { limits } from '../config/limits.ts'

/**
 * The one header of an event, `Nats-Msg-Id`, in the shape in which the NATS client takes headers:
 * something to encode. One instance serves all messages, as the client encodes before publish
 * returns. Its own MsgHdrs spends a microsecond on the look-up of names, and a TextEncoder's buffer
 * a message costs Node another half in garbage.
 */
export class MsgIdHeader {
  /** Any id; what a header cannot carry is percent-encoded, and different ids stay different. */
  id = ''
  #slab: Uint8Array = new Uint8Array(slabBytes)
  #at = 0

  /**
   * The client keeps the bytes until it has written them, so a full slab is left to it and never
   * written again.
   */
  encode(): Uint8Array {
    return this.#write(this.id, isPlain) ?? (this.#write(percentEncoded(this.id), isAscii) as Uint8Array)
  }

  /** Undefined for an id with a code that it may not have. */
  #write(id: string, mayHave: (code: number) => boolean): Uint8Array | undefined {
    const size = prefix.length + id.length + suffix.length
    if (size > slabBytes) throw new RangeError(`An id of ${id.length} bytes does not fit a header.`)
    if (this.#at + size > slabBytes) {
      this.#slab = new Uint8Array(slabBytes)
      this.#at = 0
    }
    const slab = this.#slab
    const start = this.#at
    slab.set(prefix, start)
    let at = start + prefix.length
    for (let index = 0; index < id.length; index++) {
      const code = id.charCodeAt(index)
      if (!mayHave(code)) return undefined
      slab[at++] = code
    }
    slab.set(suffix, at)
    this.#at = start + size
    return slab.subarray(start, this.#at)
  }
}

const slabBytes: number = limits.headerBlockBytes
const prefix: Uint8Array = new TextEncoder().encode('NATS/1.0\r\nNats-Msg-Id: ')
const suffix: Uint8Array = new TextEncoder().encode('\r\n\r\n')

/**
 * Printable ASCII without the space, which is trimmed at ends, and without the percent sign, which
 * stands for the rest, may stand in a header.
 */
function isPlain(code: number): boolean {
  return code > 0x20 && code < 0x7f && code !== 0x25
}

function isAscii(code: number): boolean {
  return code < 0x80
}

function percentEncoded(id: string): string {
  return encodeURIComponent(id.replace(/\p{Surrogate}/gu, '\ufffd'))
}
