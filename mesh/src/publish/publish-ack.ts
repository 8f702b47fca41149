import type { Msg } from '@nats-io/nats-core'
import { WeirError } from '@weir/proto'

/**
 * The sequence in a stream's acknowledgement, negative when the message was a duplicate; 0 for
 * anything but the two plain forms `{"stream":"EV_main","seq":123}` and the same with
 * `,"duplicate":true`, for which there is parseAck. No allocation. The acknowledgement stands from
 * `start` to `end` of the bytes.
 */
export function ackSequence(bytes: Uint8Array, start: number, end: number): number {
  if (!hasAt(bytes, start, end, streamField)) return 0
  let at = start + streamField.length
  while (at < end && bytes[at] !== QUOTE) at++
  if (!hasAt(bytes, at, end, seqField)) return 0
  at += seqField.length
  let seq = 0
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO
    if (digit < 0 || digit > 9) break
    seq = seq * 10 + digit
  }
  if (isRest(bytes, at, end, plainEnd)) return seq
  return isRest(bytes, at, end, duplicateEnd) ? -seq : 0
}

/** What an answer means that ackSequence did not read. */
export type Ack =
  | { readonly kind: 'stored'; readonly seq: number; readonly duplicate: boolean }
  | { readonly kind: 'refused'; readonly error: WeirError }
  /**
   * Nobody can store it now, but soon somebody may: no leader, or the same id is on its way
   * already.
   */
  | { readonly kind: 'later' }

export function parseAck(msg: Msg): Ack {
  // A status without a body: 503, nobody subscribes to the subject. The stream has no leader, or
  // there is no stream.
  if (msg.data.length === 0) return { kind: 'later' }
  const ack = readAck(msg)
  if (ack?.error !== undefined) return errorAck(ack.error)
  if (typeof ack?.seq === 'number') return { kind: 'stored', seq: ack.seq, duplicate: ack.duplicate === true }
  return { kind: 'refused', error: new WeirError('internal', 'The store answered with something that is no answer.') }
}

interface AckBody {
  readonly seq?: number
  readonly duplicate?: boolean
  readonly error?: AckFault
}

interface AckFault {
  readonly err_code: number
  readonly description: string
}

function readAck(msg: Msg): AckBody | undefined {
  try {
    return msg.json<AckBody>()
  } catch {
    return undefined
  }
}

/** By nats-server's server/errors.json. */
function errorAck({ err_code, description }: AckFault): Ack {
  switch (err_code) {
    case 10008: // JetStream system temporarily unavailable
    case 10039: // JetStream not enabled for account: also said while the server starts
    case 10076: // JetStream not enabled: the same
    case 10158: // duplicate message id is in process
    case 10167: // too many requests
      return { kind: 'later' }
    case 10077: // the store failed, with its own words: "maximum bytes exceeded", or the file system's
      return description.startsWith('maximum')
        ? refused('quota_exceeded', 'The stream is full', err_code, description)
        : refused('unavailable', 'The store cannot write', err_code, description)
    case 10002: // resource limits exceeded for account
      return refused('quota_exceeded', 'The account is full', err_code, description)
    case 10023: // insufficient resources
    case 10028: // JetStream memory resources exceeded
    case 10047: // insufficient storage resources available
      return refused('unavailable', 'The store has no room left', err_code, description)
    case 10054: // message size exceeds maximum allowed
    case 10097: // header size exceeds maximum allowed of 64k
      return refused('too_large', 'The event is larger than the stream takes', err_code, description)
    default:
      return refused('internal', 'The stream refused the event', err_code, description)
  }
}

function refused(
  code: 'quota_exceeded' | 'unavailable' | 'too_large' | 'internal',
  what: string,
  errCode: number,
  description: string,
): Ack {
  const error = new WeirError(code, `${what}.`, { cause: new Error(`JetStream ${errCode}: ${description}`) })
  return { kind: 'refused', error }
}

const QUOTE = 0x22
const ZERO = 0x30
const streamField: Uint8Array = ascii('{"stream":"')
const seqField: Uint8Array = ascii('","seq":')
const plainEnd: Uint8Array = ascii('}')
const duplicateEnd: Uint8Array = ascii(',"duplicate":true}')

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function isRest(bytes: Uint8Array, at: number, end: number, part: Uint8Array): boolean {
  return end === at + part.length && hasAt(bytes, at, end, part)
}

function hasAt(bytes: Uint8Array, at: number, end: number, part: Uint8Array): boolean {
  if (end < at + part.length) return false
  for (let index = 0; index < part.length; index++) if (bytes[at + index] !== part[index]) return false
  return true
}
