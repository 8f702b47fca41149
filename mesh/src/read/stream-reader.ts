import { DeliverPolicy, type JsMsg, jetstream, type OrderedConsumerOptions } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { Removal, WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { watchConnection } from '../connection/connection-watch.ts'
import { lost, whileConnected } from '../connection/request.ts'
import { removalOf } from './server-header.ts'

/** One stored message as a reader meets it. */
export interface StreamMessage {
  /** As the stream knows it: `ev.main.rooms.r1`. */
  readonly subject: string
  readonly seq: number
  readonly storedAtMs: number
  /** The same in whole microseconds, as far as a number holds them. */
  readonly storedAtUs: number
  /** How many further messages that match are stored already: 0 at the head. */
  readonly pending: number
  /** A view of what was received; copy it to keep it for long, or it keeps up to 64 KiB. */
  readonly payload: Uint8Array
  /** As in weir.v1.Removal; 0 when the message is a value. */
  readonly removal: Removal
  /** The value of a header, empty when it is absent. */
  header(name: string): string
}

export interface StreamReaderOptions {
  readonly nc: NatsConnection
  readonly stream: string
  /** NATS filters on the stream's subjects; none reads everything. */
  readonly filters?: readonly string[]
  readonly start: ReaderStart
  /** Payloads are left out. */
  readonly headersOnly?: boolean
}

/**
 * Where a reader begins: at a sequence, or with the newest message of each subject, after which
 * everything follows. There is no start by time, as nats.js cannot make such a consumer anew;
 * `sequenceAt` turns a time into a sequence.
 */
export type ReaderStart = { readonly seq: number } | 'latest'

/**
 * Reads a stream in order and without acknowledgements, by nats.js' ordered consumer: an ephemeral
 * one that is made anew after the last message whenever something is missing, so each message comes
 * once, in the order of sequence. Where to begin is for the caller to know: nothing about it is
 * kept on the server.
 */
export class StreamReader {
  readonly #options: StreamReaderOptions
  #stop: (() => void) | undefined
  #closed = false
  #pending = -1

  constructor(options: StreamReaderOptions) {
    this.#options = options
  }

  /**
   * Hands every message to the handler, one after the other, until `close` or until the handler
   * says `stop`; while a promise of the handler is open, no more than `readerAheadMax` messages are
   * fetched. Throws what the handler throws, and `unavailable` when the stream cannot be read any
   * more.
   */
  run(handler: (message: StreamMessage) => Verdict | Promise<Verdict>): Promise<void> {
    return this.#each(handler, false)
  }

  /** The same for what is stored already, and not for what comes later. */
  runToHead(handler: (message: StreamMessage) => Verdict | Promise<Verdict>): Promise<void> {
    return this.#each(handler, true)
  }

  /** Whether the handler has had everything that was stored when the last message was sent. */
  get atHead(): boolean {
    return this.#pending === 0
  }

  /** Ends `run` after the message that is being handled. */
  close(): void {
    this.#closed = true
    this.#stop?.()
  }

  async #each(handler: (message: StreamMessage) => Verdict | Promise<Verdict>, toHead: boolean): Promise<void> {
    const { nc, stream } = this.#options
    const what = `The stream ${stream}`
    const consuming = this.#consume()
    const { messages, release } = await whileConnected(nc, what, () => consuming).catch((cause) => {
      consuming.then(({ release }) => release()).catch(() => undefined)
      throw cause instanceof WeirError
        ? cause
        : new WeirError('unavailable', `${what} cannot be read at the moment.`, { cause })
    })
    // Who follows the stream goes on after a reconnect; who waits for an answer is told at once
    // that it does not come.
    let failure: WeirError | undefined
    const fail = (error: WeirError): void => {
      failure = error
      this.#stop?.()
    }
    const watch = toHead ? watchConnection(nc, { lost: () => fail(lost(what)) }) : undefined
    // The handler may take its time: what counts is waiting for the same message at two looks.
    let waiting = false
    let count = 0
    let seen = -1
    const look = (): void => {
      if (waiting && count === seen) fail(new WeirError('unavailable', `${what} did not answer in time; try again.`))
      seen = count
    }
    const stall = toHead ? setInterval(look, limits.readerStallMs) : undefined
    try {
      while (!this.#closed && !(toHead && this.#pending === 0)) {
        waiting = true
        const next = await messages.next().catch((cause) => {
          throw new WeirError('unavailable', `${what} cannot be read any further.`, { cause })
        })
        if (failure !== undefined) throw failure
        waiting = false
        count++
        if (next.done || this.#closed) return
        const message = streamMessage(next.value)
        const verdict = handler(message)
        if (verdict === 'stop' || (verdict instanceof Promise && (await verdict) === 'stop')) return
        this.#pending = message.pending
      }
    } finally {
      watch?.stop()
      clearInterval(stall)
      release()
    }
  }

  async #consume(): Promise<{ messages: AsyncIterator<JsMsg>; release(): void }> {
    const consumer = await jetstream(this.#options.nc).consumers.get(
      this.#options.stream,
      consumerOptions(this.#options),
    )
    this.#pending = (await consumer.info(true)).num_pending
    // After an outage nats.js waits for `expires` before it looks again whether its consumer is
    // there.
    const messages = await consumer.consume({
      max_messages: limits.readerAheadMax,
      expires: 2_000,
      idle_heartbeat: 1_000,
    })
    this.#stop = () => messages.stop()
    const release = (): void => {
      messages.stop()
      void consumer.delete().catch(() => undefined)
    }
    return { messages: messages[Symbol.asyncIterator](), release }
  }
}

/** `stop` ends the reading. */
export type Verdict = undefined | 'stop'

function consumerOptions({ filters, start, headersOnly }: StreamReaderOptions): Partial<OrderedConsumerOptions> {
  return {
    ...startOptions(start),
    ...(filters === undefined ? {} : { filter_subjects: [...filters] }),
    ...(headersOnly === true ? { headers_only: true } : {}),
    inactive_threshold: limits.readerInactiveMs,
  }
}

function startOptions(start: ReaderStart): Partial<OrderedConsumerOptions> {
  if (start === 'latest') return { deliver_policy: DeliverPolicy.LastPerSubject }
  return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, start.seq) }
}

function streamMessage(message: JsMsg): StreamMessage {
  const { streamSequence, timestampNanos, pending } = message.info
  const payload = message.data
  return {
    subject: message.subject,
    seq: streamSequence,
    storedAtMs: Math.floor(timestampNanos / 1_000_000),
    storedAtUs: Math.floor(timestampNanos / 1_000),
    pending,
    payload,
    removal: payload.length === 0 ? removalOf(message) : Removal.UNSPECIFIED,
    header: (name) => message.headers?.last(name) ?? '',
  }
}
