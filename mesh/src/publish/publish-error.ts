import { errors } from '@nats-io/nats-core'
import { WeirError } from '@weir/proto'

/** Why the NATS client did not take a message. */
export function sendError(cause: unknown, size: number): WeirError {
  if (cause instanceof errors.ClosedConnectionError || cause instanceof errors.DrainingConnectionError) return closed()
  if (cause instanceof Error && cause.message.includes('max_payload')) return tooLarge(size, cause)
  return new WeirError('internal', 'The event cannot be sent to the store.', { cause })
}

export function tooLarge(size: number, cause?: unknown): WeirError {
  return new WeirError('too_large', `The event has ${size} bytes, which is more than can be stored.`, { cause })
}

export function late(): WeirError {
  return new WeirError('unavailable', 'The store did not acknowledge in time: send again with the same id.')
}

export function closed(): WeirError {
  return new WeirError('unavailable', 'The connection to the store is closed: send again with the same id.')
}

export function draining(): WeirError {
  return new WeirError('draining', 'This service is stopping: send to another one.')
}

export function withoutId(): WeirError {
  return new WeirError('invalid', 'An event without an id cannot be stored exactly once.')
}

export function overloaded(): WeirError {
  return new WeirError('overloaded', 'More events wait for the store than may: send fewer, or again a little later.')
}

export function forbidden(cause: Error): WeirError {
  return new WeirError('internal', 'NATS does not let this service publish there: its user lacks the permission.', {
    cause,
  })
}
