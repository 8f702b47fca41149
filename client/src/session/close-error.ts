import { closeCode, errorCodes, isErrorCode, type Refused, shouldReconnect, WeirError } from '@weir/proto'
import { clientLimits } from '../limits.ts'

/**
 * The error of a connection that was closed with this code. Only the range of the code decides
 * whether to reconnect (shouldReconnect).
 */
export function closeError(code: number, reason: string): WeirError {
  const known = errorCodes.find((name) => closeCode(name) === code)
  const message = reason === '' ? `The hub closed the connection with code ${code}.` : reason
  return new WeirError(known ?? (shouldReconnect(code) ? 'unavailable' : 'internal'), message)
}

/** The error of a Subscribe or Renew that was not granted. */
export function refusal({ code, message }: Refused): WeirError {
  return new WeirError(isErrorCode(code) ? code : 'internal', message)
}

/**
 * A message as the reason of a close frame. Of other characters it may have fewer, and whoever
 * closes with a reason that is too long throws.
 */
export function closeReason(message: string): string {
  return message.replace(/[^ -~]/g, '?').slice(0, clientLimits.closeReasonBytesMax)
}
