import type { ErrorCode } from '@weir/proto'
import { ingestLimits } from '../limits.ts'

/** Reason codes of MQTT 5 (section 2.4) that are used as such. */
export const reasons = {
  granted: 0x00,
  disconnectWithWill: 0x04,
  noSubscription: 0x11,
  unspecified: 0x80,
  shuttingDown: 0x8b,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  notAuthorized: 0x87,
  quotaExceeded: 0x97,
  sharedNotSupported: 0x9e,
} as const

/** Of a CONNACK (section 3.2.2.2). */
export function connackReason(code: ErrorCode): number {
  switch (code) {
    case 'unauthenticated':
      return BAD_PASSWORD
    case 'token_expired':
    case 'revoked':
    case 'forbidden':
    case 'not_found':
      return reasons.notAuthorized
    default:
      return UNAVAILABLE
  }
}

/** Of a CONNACK of MQTT 3.1.1 (section 3.2.2.3). */
export function connackReturnCode(code: ErrorCode): number {
  return { [BAD_PASSWORD]: 4, [reasons.notAuthorized]: 5 }[connackReason(code)] ?? 3
}

/** Of a PUBACK (section 3.4.2.1) for a message that was refused for good. */
export function pubackReason(code: ErrorCode): number {
  switch (code) {
    case 'malformed':
    case 'invalid':
    case 'too_large':
      return PAYLOAD_FORMAT_INVALID
    case 'forbidden':
      return reasons.notAuthorized
    case 'quota_exceeded':
      return reasons.quotaExceeded
    default:
      return IMPLEMENTATION_SPECIFIC
  }
}

/** Of a DISCONNECT (section 3.14.2.1). */
export function disconnectReason(code: ErrorCode): number {
  switch (code) {
    case 'malformed':
      return MALFORMED_PACKET
    case 'too_large':
      return PACKET_TOO_LARGE
    case 'unauthenticated':
    case 'token_expired':
    case 'revoked':
    case 'forbidden':
      return reasons.notAuthorized
    case 'draining':
      return reasons.shuttingDown
    case 'internal':
      return IMPLEMENTATION_SPECIFIC
    default:
      return SERVER_BUSY
  }
}

/** A refusal in words, as MQTT 5 has room for it (section 2.2.2.2, Reason String). */
export function reasonString(message: string): string {
  return message.slice(0, ingestLimits.mqttReasonTextMax).toWellFormed()
}

const MALFORMED_PACKET = 0x81
const IMPLEMENTATION_SPECIFIC = 0x83
const BAD_PASSWORD = 0x86
const UNAVAILABLE = 0x88
const SERVER_BUSY = 0x89
const PACKET_TOO_LARGE = 0x95
const PAYLOAD_FORMAT_INVALID = 0x99
