/**
 * Hot path. Budget: 4 us a message on Bun, guarded by bench/src/projector.bench.ts (latest).
 */
import type { Msg, NatsConnection, PublishOptions } from '@nats-io/nats-core'
import { type ErrorCode, WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { isConnected, watchConnection } from '../connection/connection-watch.ts'
import { Replies } from '../connection/replies.ts'
import { ackSequence } from './publish-ack.ts'

/** What became of one publish. `unknown` means that no answer came: it may be stored or not. */
export type Outcome =
  | { readonly kind: 'stored'; readonly seq: number }
  /** The subject's last sequence is not the expected one. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'refused'; readonly error: WeirError }
  | { readonly kind: 'unknown'; readonly reason: string }

/** A message and the condition under which it is stored. */
export interface ConditionalMessage {
  readonly subject: string
  readonly payload: Uint8Array
  /**
   * Stored only while this is the last sequence of the subject in its stream; 0: it has no message;
   * absent: in any case.
   */
  readonly expectedSeq?: number
  /** Further header lines, each ended by CRLF. */
  readonly headers?: string
}

/**
 * Publishes to streams under the condition that nobody wrote the subject meanwhile
 * (`Nats-Expected-Last-Subject-Sequence`), many at a time. It never sends again by itself: only who
 * knows what the message means can tell whether that is right.
 */
export class ConditionalPublisher {
  readonly #nc: NatsConnection
  readonly #replies: Replies<Pending>
  readonly #watch: { stop(): void }
  /** Token and message in turn, so that nothing is allocated for the pair. */
  #outgoing: (number | ConditionalMessage)[] = []

  constructor(nc: NatsConnection, options: { readonly deadlineMs: number }) {
    this.#nc = nc
    this.#replies = new Replies(nc, {
      deadlineMs: options.deadlineMs,
      sweepMs: limits.repliesSweepMs,
      read: (chunk, start, end, token) => {
        const seq = ackSequence(chunk, start, end)
        if (seq !== 0) this.#settle(token, { kind: 'stored', seq: Math.abs(seq) })
        return seq !== 0
      },
      answered: (message, token) => this.#settle(token, outcomeOf(message)),
      expired: ({ settled }) => settled({ kind: 'unknown', reason: 'no acknowledgement in time' }),
    })
    this.#watch = watchConnection(nc, { lost: () => this.#end('the connection to NATS was lost') })
  }

  get inFlight(): number {
    return this.#replies.size
  }

  /** Calls back exactly once, never before it returns. */
  publish(message: ConditionalMessage, settled: (outcome: Outcome) => void): void {
    const token = this.#replies.add({ settled, deadline: 0 })
    if (this.#outgoing.length === 0) setImmediate(() => this.#sendAll())
    this.#outgoing.push(token, message)
  }

  /** The same for a few messages, as a promise. */
  store(message: ConditionalMessage): Promise<Outcome> {
    return new Promise((resolve) => this.publish(message, resolve))
  }

  /** What is in flight ends as `unknown`; nothing more is sent. */
  close(): void {
    this.#watch.stop()
    this.#replies.close()
    this.#end('closed')
  }

  /** What was sent may be stored or not; what was not is not sent. */
  #end(reason: string): void {
    this.#outgoing = []
    for (const { settled } of this.#replies.takeAll()) settled({ kind: 'unknown', reason })
  }

  /**
   * Everything of one turn of the event loop goes out together: the client flushes in a microtask,
   * so that what is published between two awaits would be a write to the socket each, which costs
   * more than all else (measured: 30,000/s against 70,000).
   */
  #sendAll(): void {
    const outgoing = this.#outgoing
    this.#outgoing = []
    if (!isConnected(this.#nc)) {
      for (let at = 0; at < outgoing.length; at += 2) this.#settle(outgoing[at] as number, notConnected)
      return
    }
    for (let at = 0; at < outgoing.length; at += 2) {
      this.#send(outgoing[at] as number, outgoing[at + 1] as ConditionalMessage)
    }
  }

  #send(token: number, message: ConditionalMessage): void {
    const { expectedSeq } = message
    const condition = expectedSeq === undefined ? '' : `Nats-Expected-Last-Subject-Sequence: ${expectedSeq}\r\n`
    const headers = new EncodedHeaders(`NATS/1.0\r\n${condition}${message.headers ?? ''}\r\n`)
    try {
      const options = { reply: this.#replies.subjectOf(token), headers } as unknown as PublishOptions
      this.#nc.publish(message.subject, message.payload, options)
    } catch (cause) {
      const outcome = publishFault(cause, message.payload.length)
      queueMicrotask(() => this.#settle(token, outcome))
    }
  }

  #settle(token: number, outcome: Outcome): void {
    const pending = this.#replies.get(token)
    if (this.#replies.settle(token)) pending?.settled(outcome)
  }
}

interface Pending {
  readonly settled: (outcome: Outcome) => void
  deadline: number
}

const notConnected: Outcome = { kind: 'unknown', reason: 'NATS is not connected' }

/**
 * All that the NATS client asks of headers is to encode themselves; its own MsgHdrs costs 2 us for
 * the look-up of names.
 */
class EncodedHeaders {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  encode(): Uint8Array {
    return encoder.encode(this.#text)
  }
}

const encoder = new TextEncoder()

function outcomeOf(message: Msg): Outcome {
  const seq = ackSequence(message.data, 0, message.data.length)
  if (seq !== 0) return { kind: 'stored', seq: Math.abs(seq) }
  if (message.data.length === 0) return { kind: 'unknown', reason: 'no stream takes this subject' }
  const answer = message.json<{ seq?: number; error?: { err_code: number; description: string } }>()
  const { error } = answer
  if (error === undefined && answer.seq !== undefined) return { kind: 'stored', seq: answer.seq }
  if (error === undefined) return { kind: 'unknown', reason: 'an answer that is not an acknowledgement' }
  if (error.err_code === WRONG_LAST_SEQUENCE || error.err_code === WRONG_LAST_SEQUENCE_CONSTANT)
    return { kind: 'conflict' }
  const code = refusalOf(error.err_code, error.description)
  if (code === undefined) return { kind: 'unknown', reason: error.description }
  return { kind: 'refused', error: new WeirError(code, `The store refused the message: ${error.description}.`) }
}

function publishFault(cause: unknown, size: number): Outcome {
  if (cause instanceof Error && cause.message.includes('max_payload')) {
    return { kind: 'refused', error: new WeirError('too_large', `A message of ${size} bytes is more than NATS takes.`) }
  }
  return notConnected
}

/** What will be refused again; anything else may pass: an election, a full disk. */
function refusalOf(code: number, description: string): ErrorCode | undefined {
  if (code === MESSAGE_TOO_LARGE) return 'too_large'
  if (code === STORE_FAILED && description.startsWith('maximum ')) return 'quota_exceeded'
  return undefined
}

// err_code of JetStream, server/errors.json of nats-server.
const MESSAGE_TOO_LARGE = 10054
const WRONG_LAST_SEQUENCE = 10071
const STORE_FAILED = 10077
const WRONG_LAST_SEQUENCE_CONSTANT = 10164
