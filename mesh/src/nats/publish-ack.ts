import type { Msg } from '@nats-io/nats-core'
import { type ErrorCode, WeirError } from '@weir/proto'

/** What came back for a published message. */
export type Ack =
  | { readonly kind: 'stored'; readonly seq: number; readonly duplicate: boolean }
  | { readonly kind: 'failed'; readonly error: WeirError }
  /** Nobody serves the stream at the moment, or it is about to be served again: worth another attempt. */
  | { readonly kind: 'nobody' }

export function parseAck(msg: Msg): Ack {
  if (msg.data.length === 0) return { kind: 'nobody' }
  const ack = msg.json<{
    seq?: number
    duplicate?: boolean
    error?: { code: number; err_code: number; description: string }
  }>()
  if (ack.error === undefined) return { kind: 'stored', seq: ack.seq ?? 0, duplicate: ack.duplicate === true }
  const { code, err_code, description } = ack.error
  if (code === 503 && err_code !== 10077) return { kind: 'nobody' }
  return { kind: 'failed', error: new WeirError(errorCode(err_code), `The store refused the event: ${description}.`) }
}

/** JetStream's err_code, server/errors.json of nats-server. */
function errorCode(code: number): ErrorCode {
  switch (code) {
    case 10077: // stream store failed: maximum messages or bytes exceeded
    case 10047: // insufficient storage resources
      return 'quota_exceeded'
    case 10054: // message size exceeds maximum allowed
      return 'too_large'
    default:
      return 'internal'
  }
}
