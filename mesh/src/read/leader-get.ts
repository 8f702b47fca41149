import type { NatsConnection } from '@nats-io/nats-core'
import { WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { request } from '../connection/request.ts'

/** A stored message by the word of the stream's leader. */
export interface LeaderMessage {
  readonly seq: number
  readonly payload: Uint8Array
}

/**
 * The newest message of a subject, undefined when there is none. A direct get may be answered by a
 * replica that has not heard of it yet. Throws `unavailable`.
 */
export function lastByLeader(nc: NatsConnection, stream: string, subject: string): Promise<LeaderMessage | undefined> {
  return ask(nc, stream, { last_by_subj: subject })
}

/**
 * The sequence of the first message from `seq` on that matches, by the word of the stream's leader;
 * undefined when there is none. A range read may be answered by a replica that is behind.
 */
export async function firstSequence(
  nc: NatsConnection,
  stream: string,
  seq: number,
  filter: string,
): Promise<number | undefined> {
  return (await ask(nc, stream, { seq, next_by_subj: filter }))?.seq
}

async function ask(nc: NatsConnection, stream: string, query: object): Promise<LeaderMessage | undefined> {
  const reply = await request(nc, `$JS.API.STREAM.MSG.GET.${stream}`, JSON.stringify(query), {
    what: `The stream ${stream}`,
    deadlineMs: limits.slowReadDeadlineMs,
  })
  const { message, error } = reply.json<Answer>()
  if (message !== undefined) return { seq: message.seq, payload: Buffer.from(message.data ?? '', 'base64') }
  if (error?.err_code === NO_MESSAGE_FOUND) return undefined
  throw new WeirError('unavailable', `The stream ${stream} could not be read: ${error?.description}.`)
}

interface Answer {
  readonly message?: { readonly seq: number; readonly data?: string }
  readonly error?: { readonly err_code: number; readonly description: string }
}

/** `err_code` of the JetStream API. */
const NO_MESSAGE_FOUND = 10037
