import { WeirError } from '@weir/proto'
import { ingestLimits } from '../limits.ts'
import { bodyTooLarge, readAll, type Unpack, type Unpackers } from './unpack.ts'

export interface BodyReaderOptions {
  readonly bodyBytesMax: number
  readonly bodiesBytesMax: number
  readonly bodyMs: number
  readonly unpackers: Unpackers
}

/** A body in memory, until it is released. */
export interface HeldBody {
  readonly bytes: Uint8Array
  release(): void
}

/** Reads request bodies whole and unpacked, within the limits of size, of memory for all of them together, and of time. */
export class BodyReader {
  readonly #options: BodyReaderOptions
  /** Reads that are under way, oldest first, by their deadline. */
  readonly #waiting = new Map<(error: WeirError) => void, number>()
  #sweep: ReturnType<typeof setInterval> | undefined
  #heldBytes = 0

  constructor(options: BodyReaderOptions) {
    this.#options = options
  }

  /** Of all bodies that are being read or are not released. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /**
   * Throws `slow_body`; `too_large`; `overloaded` when all bodies together would pass their limit; `unsupported_type` for an
   * unknown content coding; `malformed`.
   */
  async read(request: Request): Promise<HeldBody> {
    const { bodyBytesMax } = this.#options
    const unpack = this.#unpackerOf(request.headers.get('content-encoding'))
    const declared = declaredLength(request.headers)
    if (declared !== undefined && declared > bodyBytesMax) throw bodyTooLarge(bodyBytesMax)
    let held = 0
    let released = false
    const hold = (bytes: number): void => {
      // A body that was too slow may go on arriving: throwing ends its reading.
      if (released) throw slowBody(this.#options.bodyMs)
      this.#hold(bytes)
      held += bytes
    }
    const release = (): void => {
      if (released) return
      released = true
      this.#heldBytes -= held
    }
    try {
      // What is declared is reserved before it is read; what is not, as it comes.
      if (declared !== undefined) hold(declared)
      const packed = await this.#readInTime(request, declared, hold)
      if (unpack === undefined) return { bytes: packed, release }
      const bytes = await unpack(packed, bodyBytesMax)
      hold(bytes.length)
      return { bytes, release }
    } catch (thrown) {
      release()
      throw thrown
    }
  }

  #unpackerOf(coding: string | null): Unpack | undefined {
    if (coding === null || coding === 'identity') return undefined
    const { unpackers } = this.#options
    const name = coding.toLowerCase()
    const unpack = Object.hasOwn(unpackers, name) ? unpackers[name] : undefined
    if (unpack !== undefined) return unpack
    throw new WeirError(
      'unsupported_type',
      `Content-Encoding ${JSON.stringify(coding.slice(0, 64))} is not known here: use one of ${Object.keys(unpackers).join(', ')}, or none.`,
    )
  }

  /** One body is let in whatever its size, so that a limit below that of a body does not shut the door. */
  #hold(bytes: number): void {
    if (this.#heldBytes > 0 && this.#heldBytes + bytes > this.#options.bodiesBytesMax) {
      throw new WeirError('overloaded', 'Too many large requests at one time: send again later.')
    }
    this.#heldBytes += bytes
  }

  /** One timer for all bodies, as a timer a request would cost more than the rest of this file. */
  #readInTime(request: Request, declared: number | undefined, hold: (bytes: number) => void): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(reject, Date.now() + this.#options.bodyMs)
      this.#sweep ??= setInterval(() => this.#sweepWaiting(), ingestLimits.bodySweepMs)
      // A declared length is kept by the HTTP server, so such a body needs no counting.
      const reading =
        declared === undefined ? readAll(request.body, this.#options.bodyBytesMax, hold) : request.arrayBuffer()
      reading.then(
        (body) => {
          this.#waiting.delete(reject)
          resolve(body instanceof ArrayBuffer ? new Uint8Array(body) : body)
        },
        (cause: unknown) => {
          this.#waiting.delete(reject)
          reject(cause instanceof WeirError ? cause : new WeirError('malformed', 'The body ended early.', { cause }))
        },
      )
    })
  }

  #sweepWaiting(): void {
    if (this.#waiting.size === 0) {
      clearInterval(this.#sweep)
      this.#sweep = undefined
    }
    const now = Date.now()
    for (const [reject, deadline] of this.#waiting) {
      if (deadline > now) return
      this.#waiting.delete(reject)
      reject(slowBody(this.#options.bodyMs))
    }
  }
}

function slowBody(bodyMs: number): WeirError {
  return new WeirError('slow_body', `The body did not arrive within ${bodyMs} ms.`)
}

function declaredLength(headers: Headers): number | undefined {
  const header = headers.get('content-length')
  if (header === null) return undefined
  const length = Number(header)
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined
}
