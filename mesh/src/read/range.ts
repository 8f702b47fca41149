import type { Msg, NatsConnection } from '@nats-io/nats-core'
import { Removal, WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { isConnected, watchConnection } from '../connection/connection-watch.ts'
import { newInbox } from '../connection/inbox.ts'
import { lost } from '../connection/request.ts'
import { headerValue, liveSequence, removalOf, storedSubject } from './server-header.ts'

/** A stored message, as a range read gives it. */
export interface StoredMessage {
  /** The subject as the stream knows it: `ev.main.rooms.r1`. */
  readonly subject: string
  readonly seq: number
  readonly payload: Uint8Array
  readonly removal: Removal
  /**
   * The value of a header, empty when it is absent; `Nats-Time-Stamp` says when the message was
   * stored, in RFC 3339.
   */
  header(name: string): string
}

export interface RangeRead {
  /** The first sequence that may be returned. */
  readonly seq: number
  /** A NATS filter on the stream's subjects. */
  readonly filter: string
  readonly messagesMax: number
  readonly bytesMax: number
  readonly deadlineMs?: number
}

export interface Range {
  /** In the order of sequence. */
  readonly messages: readonly StoredMessage[]
  /** Whether more messages that match follow the last one. */
  readonly more: boolean
}

/**
 * Reads the messages of a stream from a sequence on, by one batched direct get (ADR-31): no
 * consumer is made, so any number of readers cost the server nothing between two reads. Throws
 * `unavailable` when the answer does not arrive whole, at once when the connection is lost.
 *
 * The client's own `getBatch` leaks a subscription a call, hence this one.
 */
export function readRange(nc: NatsConnection, stream: string, read: RangeRead): Promise<Range> {
  return new Promise((resolve, reject) => {
    if (!isConnected(nc)) return reject(lost(`The stream ${stream}`))
    const messages: StoredMessage[] = []
    const inbox = newInbox(nc)
    const settle = (outcome: () => void): void => {
      clearTimeout(timer)
      watch.stop()
      subscription.unsubscribe()
      outcome()
    }
    const fail = (message: string, cause?: unknown): void =>
      settle(() => reject(new WeirError('unavailable', message, { cause })))
    const subscription = nc.subscribe(inbox, {
      callback: (error, message) => {
        if (error) return fail(`The stream ${stream} could not be read; try again.`, error)
        const code = message.data.length === 0 ? (message.headers?.code ?? 0) : 0
        if (code === 0) return void messages.push(storedMessage(message))
        // 204 ends a batch; 404 says that nothing matches from here on.
        if (code === 204)
          return settle(() => resolve({ messages, more: Number(message.headers?.last('Nats-Num-Pending')) > 0 }))
        if (code === 404) return settle(() => resolve({ messages, more: false }))
        fail(`The stream ${stream} could not be read (${code} ${message.headers?.description ?? ''}); try again.`)
      },
    })
    const watch = watchConnection(nc, { lost: () => settle(() => reject(lost(`The stream ${stream}`))) })
    const timer = setTimeout(
      () => fail(`The stream ${stream} did not answer in time; try again.`),
      read.deadlineMs ?? limits.slowReadDeadlineMs,
    )
    const request = { seq: read.seq, next_by_subj: read.filter, batch: read.messagesMax, max_bytes: read.bytesMax }
    try {
      nc.publish(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(request), { reply: inbox })
    } catch (cause) {
      fail('NATS is not connected; try again.', cause)
    }
  })
}

function storedMessage(message: Msg): StoredMessage {
  const payload = message.data
  return {
    subject: storedSubject(payload),
    seq: liveSequence(payload),
    payload,
    removal: payload.length === 0 ? removalOf(message) : Removal.UNSPECIFIED,
    header: (name) => headerValue(payload, name),
  }
}
