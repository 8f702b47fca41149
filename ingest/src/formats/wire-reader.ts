import { WeirError } from '@weir/proto'

/**
 * A place in Protobuf bytes that moves forward. Every method throws `malformed` where the bytes end
 * too early.
 */
export class WireReader {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** A varint of at most five bytes: tags and lengths take no more. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < 5; count++) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined) throw truncated()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    throw new WeirError('malformed', 'The body is not Protobuf: a number is too long.')
  }

  /** The length of what follows, as the place where it ends. */
  end(): number {
    const length = this.varint()
    const end = this.at + length
    if (end > this.#bytes.length) throw truncated()
    return end
  }

  /** Past the value of a field of this tag. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        for (let count = 0; (this.#bytes[this.at++] ?? 0) >= 0x80; count++) {
          if (count === 9) throw new WeirError('malformed', 'The body is not Protobuf: a number is too long.')
        }
        break
      case 1:
        this.at += 8
        break
      case 2:
        this.at = this.end()
        break
      case 5:
        this.at += 4
        break
      default:
        throw new WeirError('malformed', 'The body is not Protobuf: a field has no known wire type.')
    }
    if (this.at > this.#bytes.length) throw truncated()
  }
}

export function truncated(): WeirError {
  return new WeirError('malformed', 'The body is not Protobuf: it ends inside a field.')
}
