import { base64Encode } from '@bufbuild/protobuf/wire'
import { WeirError } from '@weir/proto'
import { v7 } from 'uuid'
import { ingestLimits } from '../limits.ts'

/**
 * Ids for the records of one request that came without: `<key>:<index>` where the request has a
 * key, so that the same request again stores nothing twice; else fresh ones.
 */
export class EventIds {
  readonly #key: string | undefined

  constructor(key?: string) {
    this.#key = key
  }

  idOf(index: number): string {
    return this.#key === undefined ? freshId() : `${this.#key}:${index}`
  }
}

/**
 * A UUIDv7 (RFC 9562). Those of one millisecond count up from a random one (section 6.2, method 2).
 */
export function freshId(): string {
  const now = Date.now()
  if (now !== drawnAt) {
    const uuid = v7({ msecs: now })
    prefix = uuid.slice(0, 24)
    // The last 48 bits; their top bit is cleared so that counting up never runs over.
    counter = Number.parseInt(uuid.slice(24), 16) % 2 ** 47
    drawnAt = now
  }
  return prefix + (counter++).toString(16).padStart(12, '0')
}

let drawnAt = 0
let prefix = ''
let counter = 0

/**
 * By the header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header), when there is one.
 * Throws `malformed`.
 */
export function idsByHeader(headers: Headers): EventIds {
  const header = headers.get('idempotency-key')
  if (header === null) return new EventIds()
  // The draft has a quoted string; most senders leave the quotes out.
  const key = header.startsWith('"') && header.endsWith('"') ? header.slice(1, -1) : header
  if (key.length > ingestLimits.idempotencyKeyBytesMax || !/^[\x21-\x7e]+$/.test(key)) {
    throw new WeirError(
      'malformed',
      `Idempotency-Key must be 1 to ${ingestLimits.idempotencyKeyBytesMax} printable ASCII characters.`,
    )
  }
  return new EventIds(key)
}

/**
 * OTLP has no ids, and its exporters repeat a request that was not answered byte by byte. So the
 * digest of the body tells a repetition, which stores nothing twice, from new points. An
 * Idempotency-Key says it better.
 */
export async function idsByBody(headers: Headers, body: Uint8Array, dedupe: boolean): Promise<EventIds> {
  if (!dedupe || headers.has('idempotency-key')) return idsByHeader(headers)
  const digest = await crypto.subtle.digest('SHA-256', body as Uint8Array<ArrayBuffer>)
  return new EventIds(base64Encode(new Uint8Array(digest, 0, 16), 'url'))
}
