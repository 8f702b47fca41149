import { errors, type Msg, type NatsConnection } from '@nats-io/nats-core'
import { WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { isConnected, watchConnection } from './connection-watch.ts'

/**
 * One request and its answer. Rejects with `unavailable` when nobody takes the request, when no
 * answer comes in time, and, at once, when there is no connection or it is lost: no answer ever
 * comes over another one.
 *
 * @param what is asked for, as the subject of the sentence in the error: "The stream EV_main"
 */
export function request(
  nc: NatsConnection,
  subject: string,
  body: string,
  { what, deadlineMs }: { readonly what: string; readonly deadlineMs: number },
): Promise<Msg> {
  return whileConnected(nc, what, () => nc.request(subject, body, { timeout: deadlineMs })).catch((cause) => {
    if (cause instanceof WeirError) throw cause
    const reason = cause instanceof errors.TimeoutError ? 'did not answer in time' : 'cannot be reached at the moment'
    throw new WeirError('unavailable', `${what} ${reason}; try again.`, { cause })
  })
}

/**
 * Resolves when the server has taken all that was sent before. Rejects with `unavailable`, as
 * `request` does.
 */
export function flush(nc: NatsConnection): Promise<void> {
  return whileConnected(nc, 'NATS', () => {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new WeirError('unavailable', 'NATS did not answer in time; try again.'))
      const timer = setTimeout(late, limits.readDeadlineMs)
      nc.flush()
        .then(resolve, (cause) => {
          reject(new WeirError('unavailable', 'The connection to NATS broke; try again.', { cause }))
        })
        .finally(() => clearTimeout(timer))
    })
  })
}

/**
 * The outcome of work over a connection; rejects with `unavailable` at once when there is no
 * connection or it is lost.
 */
export function whileConnected<T>(nc: NatsConnection, what: string, work: () => Promise<T>): Promise<T> {
  if (!isConnected(nc)) return Promise.reject(lost(what))
  return new Promise((resolve, reject) => {
    const end = (): void => reject(lost(what))
    const watch = watchConnection(nc, { lost: end, closed: end })
    work()
      .then(resolve, reject)
      .finally(() => watch.stop())
  })
}

/** Why something that was asked over a connection has no answer. */
export function lost(what: string): WeirError {
  return new WeirError('unavailable', `${what} cannot be reached: there is no connection to NATS. Try again.`)
}
