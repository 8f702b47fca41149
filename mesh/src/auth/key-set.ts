import { WeirError } from '@weir/proto'
import { calculateJwkThumbprint, createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { limits } from '../config/limits.ts'

/**
 * The public keys behind a URL (JSON Web Key Set, RFC 7517). They are read when one is asked for
 * that is not known, at most once a second, and again when they are old; while they cannot be read,
 * those that are known stay in use.
 */
export class KeySet {
  readonly #url: string
  #known: KnownKeys | undefined
  #reading: Promise<KnownKeys> | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #readAt = Number.NEGATIVE_INFINITY
  #failures = 0
  #failure: string | undefined

  constructor(url: string) {
    this.#url = url
  }

  /**
   * Of a token's header. Throws what jose does for a key that is none of these, and `unavailable`
   * while that may yet change.
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const known = this.#known ?? (await this.read())
    if (performance.now() - this.#readAt > limits.jwksRefreshMs) void this.read().catch(() => undefined)
    try {
      return await known.find(header, token)
    } catch (cause) {
      if (!(cause instanceof errors.JWKSNoMatchingKey)) throw cause
      // It may have been rotated in since. Whoever cannot be asked now is not known to be wrong.
      return (await this.read()).find(header, token)
    }
  }

  /** Whether the key with this thumbprint (RFC 7638) is still one of them. */
  has(thumbprint: string): boolean {
    return this.#known === undefined || this.#known.thumbprints.has(thumbprint)
  }

  /** Changes when the keys do. */
  get version(): number {
    return this.#known?.version ?? 0
  }

  /** Whether a key is known, how old they are in seconds, and why they could not be read last. */
  get state(): KeySetState {
    const ageSeconds = (performance.now() - this.#readAt) / 1000
    return { known: this.#known !== undefined, ageSeconds, failures: this.#failures, failure: this.#failure }
  }

  /** Throws `unavailable` when they cannot be read, or were asked for a moment ago. */
  async read(): Promise<KnownKeys> {
    if (this.#reading !== undefined) return await this.#reading
    if (performance.now() - this.#askedAt < limits.jwksAskMs) throw unknown(this.#failure)
    this.#askedAt = performance.now()
    this.#reading = this.#fetch()
    try {
      this.#known = await this.#reading
      this.#readAt = performance.now()
      this.#failure = undefined
      return this.#known
    } catch (cause) {
      this.#failures++
      this.#failure = cause instanceof Error ? cause.message : String(cause)
      throw unknown(this.#failure, cause)
    } finally {
      this.#reading = undefined
    }
  }

  async #fetch(): Promise<KnownKeys> {
    const signal = AbortSignal.timeout(limits.jwksTimeoutMs)
    const response = await fetch(this.#url, {
      signal,
      headers: { accept: 'application/jwk-set+json, application/json' },
    })
    if (!response.ok) throw new Error(`the answer is ${response.status}`)
    const text = await boundedText(response)
    if (text === this.#known?.text) return this.#known
    const set = JSON.parse(text) as JSONWebKeySet
    const find = createLocalJWKSet(set)
    // A key of a kind that nothing here verifies by is as good as absent.
    const thumbprints = await Promise.all(set.keys.map((key) => calculateJwkThumbprint(key).catch(() => '')))
    return { text, find, thumbprints: new Set(thumbprints), version: this.version + 1 }
  }
}

export interface KeySetState {
  readonly known: boolean
  readonly ageSeconds: number
  readonly failures: number
  readonly failure: string | undefined
}

interface KnownKeys {
  readonly text: string
  readonly find: ReturnType<typeof createLocalJWKSet>
  readonly thumbprints: ReadonlySet<string>
  readonly version: number
}

function unknown(reason: string | undefined, cause?: unknown): WeirError {
  const message =
    reason === undefined
      ? 'The key of this token is not known yet: try again.'
      : 'The keys that verify tokens cannot be had at the moment: try again.'
  return new WeirError('unavailable', message, { cause })
}

/** The text of a body of bounded size; what comes past it is not read. */
async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > limits.jwksBytesMax) throw new Error(`the answer has more than ${limits.jwksBytesMax} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
