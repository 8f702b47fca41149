import { WeirError } from '@weir/proto'
import { ingestLimits } from '../limits.ts'
import type { BodyPayer } from './body-payer.ts'
import { bodyTooLarge, readAll, type Unpack, type Unpackers } from './unpack.ts'
import { UnpackSlots } from './unpack-slots.ts'

export interface BodyReaderOptions {
  readonly bodyBytesMax: number
  readonly bodyMs: number
  readonly unpackers: Unpackers
}

/**
 * Reads request bodies whole and unpacked, within the limits of size, of what the sender may hold,
 * and of time.
 */
export class BodyReader {
  readonly #options: BodyReaderOptions
  readonly #slots = new UnpackSlots(ingestLimits.unpackingMax)
  /** Reads that are under way, oldest first, by their deadline. */
  readonly #waiting = new Map<(error: WeirError) => void, number>()
  #sweep: ReturnType<typeof setInterval> | undefined

  constructor(options: BodyReaderOptions) {
    this.#options = options
  }

  /**
   * Throws `slow_body`; `too_large`; `overloaded` when the sender's share of the memory is used up;
   * `rate_limited` when its rate is before its body is unpacked; `unsupported_type` for an unknown
   * content coding; `malformed`. What came is charged in any case. `coding` is that of a body whose
   * head names none.
   */
  async read(request: Request, payer: BodyPayer, coding = 'identity'): Promise<HeldBody> {
    const { bodyBytesMax } = this.#options
    const unpacks = this.#unpacksOf(request.headers.get('content-encoding') ?? coding)
    const declared = declaredLength(request.headers)
    if (declared !== undefined && declared > bodyBytesMax) throw bodyTooLarge(bodyBytesMax)
    const body = new HeldBody(payer)
    try {
      body.bytes = await this.#readInTime(request, declared, body)
      for (const unpack of unpacks) await this.#slots.run(payer, () => this.#unpack(body, unpack, payer))
      return body
    } catch (thrown) {
      body.release()
      throw thrown
    }
  }

  /** The codings from the last that was applied to the first (RFC 9110 section 8.4). */
  #unpacksOf(header: string): readonly Unpack[] {
    if (header === 'identity') return noUnpacks
    const { unpackers } = this.#options
    const names = header.split(',').map((name) => name.trim().toLowerCase())
    const codings = names.filter((name) => name !== 'identity' && name !== '')
    const known = codings.flatMap((name) => (Object.hasOwn(unpackers, name) ? (unpackers[name] ?? []) : []))
    if (known.length === codings.length && known.length <= ingestLimits.codingsMax) return known.reverse()
    throw new WeirError(
      'unsupported_type',
      `Content-Encoding ${JSON.stringify(header.slice(0, 64))} is not known here: use one of ${Object.keys(unpackers).join(', ')}, or none.`,
    )
  }

  /**
   * What is unpacked is reserved before it exists, in steps: a body that is larger than its step is
   * unpacked once more with the next, which at most doubles the work, and the sender has paid for
   * the step.
   */
  async #unpack(body: HeldBody, unpack: Unpack, payer: BodyPayer): Promise<void> {
    const { bodyBytesMax } = this.#options
    const packed = body.bytes
    for (
      let step = Math.max(ingestLimits.unpackStepBytes, packed.length * 4);
      ;
      step *= ingestLimits.unpackStepGrowth
    ) {
      const bytesMax = Math.min(step, bodyBytesMax)
      payer.checkRate()
      body.hold(bytesMax)
      try {
        body.bytes = await unpack(packed, bytesMax)
        payer.charge(Math.max(0, body.bytes.length - packed.length))
        body.giveBack(bytesMax - body.bytes.length + packed.length)
        return
      } catch (thrown) {
        payer.charge(bytesMax)
        body.giveBack(bytesMax)
        const isLarger = thrown instanceof WeirError && thrown.code === 'too_large'
        if (!isLarger || bytesMax === bodyBytesMax) throw thrown
      }
    }
  }

  /** One timer for all bodies, as a timer a request would cost more than the rest of this file. */
  #readInTime(request: Request, declared: number | undefined, body: HeldBody): Promise<Uint8Array> {
    const reading = this.#read(request, declared, body)
    return new Promise((resolve, reject) => {
      this.#waiting.set(reject, Date.now() + this.#options.bodyMs)
      this.#sweep ??= setInterval(() => this.#sweepWaiting(), ingestLimits.bodySweepMs)
      reading.then(
        (bytes) => {
          this.#waiting.delete(reject)
          resolve(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes))
        },
        (cause: unknown) => {
          this.#waiting.delete(reject)
          reject(cause instanceof WeirError ? cause : new WeirError('malformed', 'The body ended early.', { cause }))
        },
      )
    })
  }

  /**
   * A short body whose length is declared is reserved and read at once, which costs less; any other
   * is as it comes. Throws, or rejects.
   */
  #read(request: Request, declared: number | undefined, body: HeldBody): Promise<Uint8Array | ArrayBuffer> {
    if (declared !== undefined && declared <= ingestLimits.bodyAtOnceBytesMax) {
      body.take(declared)
      return request.arrayBuffer()
    }
    return readAll(request.body, this.#options.bodyBytesMax, (bytes) => {
      // A body that was too slow may go on arriving: throwing ends its reading.
      if (body.isReleased) throw slowBody(this.#options.bodyMs)
      body.take(bytes)
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

/** A body in memory, until it is released. */
export class HeldBody {
  bytes: Uint8Array = new Uint8Array(0)
  isReleased = false
  readonly #payer: BodyPayer
  #held = 0

  constructor(payer: BodyPayer) {
    this.#payer = payer
  }

  /** Bytes that come: reserved and charged. Throws `overloaded`. */
  take(bytes: number): void {
    this.#payer.charge(bytes)
    this.hold(bytes)
  }

  /** Reserves memory that goes with the body. Throws `overloaded`. */
  hold(bytes: number): void {
    this.#payer.hold(bytes)
    this.#held += bytes
  }

  giveBack(bytes: number): void {
    this.#payer.release(bytes)
    this.#held -= bytes
  }

  release(): void {
    if (this.isReleased) return
    this.isReleased = true
    this.#payer.release(this.#held)
  }
}

const noUnpacks: readonly Unpack[] = []

function slowBody(bodyMs: number): WeirError {
  return new WeirError('slow_body', `The body did not arrive within ${bodyMs} ms.`)
}

function declaredLength(headers: Headers): number | undefined {
  const header = headers.get('content-length')
  if (header === null) return undefined
  const length = Number(header)
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined
}
