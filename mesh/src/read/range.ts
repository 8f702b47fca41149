import type { Msg, NatsConnection } from '@nats-io/nats-core'
import { Removal, WeirError } from '@weir/proto'
import { newInbox } from '../connection/inbox.ts'
import { headerValue, liveSequence, removalOf, storedSubject } from './server-header.ts'

/** A stored message, as a range read gives it. */
export interface StoredMessage {
  /** The subject as the stream knows it: `ev.main.rooms.r1`. */
  readonly subject: string
  readonly seq: number
  readonly payload: Uint8Array
  readonly removal: Removal
  /** The value of a header, empty when it is absent; `Nats-Time-Stamp` says when the message was stored, in RFC 3339. */
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
 * Reads the messages of a stream from a sequence on, by one batched direct get (ADR-31): no consumer is made, so any number of
 * readers cost the server nothing between two reads. Throws `unavailable` when the answer does not arrive whole.
 *
 * The client's own `getBatch` leaks a subscription a call, hence this one.
 */
export function readRange(nc: NatsConnection, stream: string, read: RangeRead): Promise<Range> {
  return new Promise((resolve, reject) => {
    const messages: StoredMessage[] = []
    const inbox = newInbox(nc)
    const settle = (outcome: () => void): void => {
      clearTimeout(timer)
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
    const timer = setTimeout(
      () => fail(`The stream ${stream} did not answer in time; try again.`),
      read.deadlineMs ?? 5000,
    )
    const request = { seq: read.seq, next_by_subj: read.filter, batch: read.messagesMax, max_bytes: read.bytesMax }
    try {
      nc.publish(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(request), { reply: inbox })
    } catch (cause) {
      fail('NATS is not connected; try again.', cause)
    }
  })
}

/**
 * The sequence of the first message from `seq` on that matches, by the word of the stream's leader; undefined when there is
 * none. A range read may be answered by a replica that is behind.
 */
export async function firstSequence(
  nc: NatsConnection,
  stream: string,
  seq: number,
  filter: string,
): Promise<number | undefined> {
  const request = JSON.stringify({ seq, next_by_subj: filter })
  const reply = await nc.request(`$JS.API.STREAM.MSG.GET.${stream}`, request, { timeout: 5000 })
  const answer = reply.json<{ message?: { seq: number }; error?: { err_code: number; description: string } }>()
  if (answer.message !== undefined) return answer.message.seq
  if (answer.error?.err_code === noMessageFound) return undefined
  throw new WeirError('unavailable', `The stream ${stream} could not be read: ${answer.error?.description}`)
}

/** `err_code` of the JetStream API. */
const noMessageFound = 10037

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
