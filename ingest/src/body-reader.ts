import { WeirError } from '@weir/proto'
import { bodyTooLarge, readAll, type Unpackers } from './unpack.ts'

export interface BodyReaderOptions {
  readonly bodyBytesMax: number
  readonly bodiesBytesMax: number
  readonly bodyMs: number
  readonly unpackers: Unpackers
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

  /** What `hold` has promised to requests that are not finished. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /**
   * Reserves memory for a request before its body is read: its length where it is declared and not packed, else the most
   * it may become. Throws `too_large`, or `overloaded` when all bodies together would pass their limit. The result goes
   * back through `release`.
   */
  hold(headers: Headers): number {
    const { bodyBytesMax, bodiesBytesMax } = this.#options
    const declared = declaredLength(headers)
    if (declared !== undefined && declared > bodyBytesMax) throw bodyTooLarge(bodyBytesMax)
    const bytes = declared === undefined || headers.has('content-encoding') ? bodyBytesMax : declared
    if (this.#heldBytes + bytes > bodiesBytesMax && this.#heldBytes > 0) {
      throw new WeirError('overloaded', 'Too many large requests at one time: send again later.')
    }
    this.#heldBytes += bytes
    return bytes
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes
  }

  /** Throws `slow_body`, `too_large`, `unsupported_type` for an unknown content coding, or `malformed`. */
  async read(request: Request): Promise<Uint8Array> {
    const { bodyBytesMax, unpackers } = this.#options
    const coding = request.headers.get('content-encoding')
    if (coding === null || coding === 'identity') return this.#readPacked(request)
    const unpack = Object.hasOwn(unpackers, coding.toLowerCase()) ? unpackers[coding.toLowerCase()] : undefined
    if (unpack === undefined) {
      throw new WeirError(
        'unsupported_type',
        `Content-Encoding ${JSON.stringify(coding.slice(0, 64))} is not known here: use one of ${Object.keys(unpackers).join(', ')}, or none.`,
      )
    }
    return await unpack(await this.#readPacked(request), bodyBytesMax)
  }

  /** One timer for all bodies, as a timer a request would cost more than the rest of this file. */
  #readPacked(request: Request): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(reject, Date.now() + this.#options.bodyMs)
      this.#sweep ??= setInterval(() => this.#sweepWaiting(), SWEEP_MS)
      readBody(request, this.#options.bodyBytesMax).then(
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
      reject(new WeirError('slow_body', `The body did not arrive within ${this.#options.bodyMs} ms.`))
    }
  }
}

const SWEEP_MS = 250

/** A declared length is kept by the HTTP server, so such a body needs no counting. */
function readBody(request: Request, bytesMax: number): Promise<ArrayBuffer | Uint8Array> {
  if (declaredLength(request.headers) !== undefined) return request.arrayBuffer()
  if (request.body === null) return Promise.resolve(new Uint8Array(0))
  return readAll(request.body as ReadableStream<Uint8Array>, bytesMax)
}

function declaredLength(headers: Headers): number | undefined {
  const header = headers.get('content-length')
  if (header === null) return undefined
  const length = Number(header)
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined
}
