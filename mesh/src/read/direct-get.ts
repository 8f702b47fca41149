import type { Msg, NatsConnection } from '@nats-io/nats-core'
import { Removal, WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { request } from '../connection/request.ts'
import { headerValue, liveSequence, removalOf, storedSubject, storedTime } from './server-header.ts'

/** One stored message, as a direct get gives it. */
export interface DirectMessage {
  /** As the stream knows it. */
  readonly subject: string
  readonly seq: number
  readonly storedAtMs: number
  readonly payload: Uint8Array
  /** As in weir.v1.Removal; 0 when the message is a value. */
  readonly removal: Removal
  /** The value of a header, empty when it is absent. */
  header(name: string): string
}

/**
 * The newest message of a subject, or undefined when the stream holds none (ADR-31). Any replica
 * answers, so in a cluster it may be a moment behind. Throws `unavailable`; a stream that does not
 * exist gives that as well.
 */
export async function lastMessage(
  nc: NatsConnection,
  stream: string,
  subject: string,
): Promise<DirectMessage | undefined> {
  return directMessage(await directGet(nc, stream, `.${subject}`, ''), stream)
}

/**
 * The message at a sequence, or undefined when the stream does not hold it. Throws `unavailable`.
 */
export async function messageAt(nc: NatsConnection, stream: string, seq: number): Promise<DirectMessage | undefined> {
  return directMessage(await directGet(nc, stream, '', JSON.stringify({ seq })), stream)
}

/**
 * The sequence of the first message that was stored at a time or later; undefined when there is
 * none.
 */
export async function sequenceAt(nc: NatsConnection, stream: string, timeMs: number): Promise<number | undefined> {
  const start_time = new Date(timeMs).toISOString()
  const query = JSON.stringify({ start_time, next_by_subj: '>', batch: 1 })
  return directMessage(await directGet(nc, stream, '', query), stream)?.seq
}

/**
 * Removes one message from a stream that allows it; nothing happens when it is gone already. Throws
 * `unavailable`.
 */
export async function deleteMessage(nc: NatsConnection, stream: string, seq: number): Promise<void> {
  const body = JSON.stringify({ seq, no_erase: true })
  const reply = await request(nc, `$JS.API.STREAM.MSG.DELETE.${stream}`, body, {
    what: `The stream ${stream}`,
    deadlineMs: limits.readDeadlineMs,
  })
  const { error } = reply.json<{ error?: { err_code: number; description: string } }>()
  if (error !== undefined && error.err_code !== NO_MESSAGE_FOUND) {
    throw new WeirError('unavailable', `A message of ${stream} could not be removed: ${error.description}.`)
  }
}

function directGet(nc: NatsConnection, stream: string, suffix: string, query: string): Promise<Msg> {
  return request(nc, `$JS.API.DIRECT.GET.${stream}${suffix}`, query, {
    what: `The stream ${stream}`,
    deadlineMs: limits.readDeadlineMs,
  })
}

/**
 * The answer to a direct get; undefined for the one that says that there is nothing. Throws
 * `unavailable`.
 */
export function directMessage(message: Msg, stream: string): DirectMessage | undefined {
  const payload = message.data
  const code = payload.length === 0 ? (message.headers?.code ?? 0) : 0
  if (code === 404) return undefined
  if (code !== 0) {
    const { description = '' } = message.headers ?? {}
    throw new WeirError('unavailable', `The stream ${stream} cannot be read (${code} ${description}).`)
  }
  return {
    subject: storedSubject(payload),
    seq: liveSequence(payload),
    storedAtMs: storedTime(payload),
    payload,
    removal: payload.length === 0 ? removalOf(message) : Removal.UNSPECIFIED,
    header: (name) => headerValue(payload, name),
  }
}

/** `err_code` of the JetStream API: no message with this sequence. */
const NO_MESSAGE_FOUND = 10043
