/**
 * Hot path. Budget: 20 us a read on Bun, guarded by bench/src/projector.bench.ts (state by key).
 */
import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core'
import { WeirError } from '@weir/proto'
import { newInbox } from '../connection/inbox.ts'
import { type DirectMessage, directMessage } from './direct-get.ts'

/**
 * Reads the newest message of subjects, as `lastMessage` does, for who does so all the time: what is asked for within one turn
 * of the event loop goes out in one write, and a request costs no timer and no header object.
 */
export class LastValueReader {
  readonly #nc: NatsConnection
  readonly #inbox: string
  readonly #replies: Subscription
  /** By token, so in the order of sending. */
  readonly #pending = new Map<number, Pending>()
  readonly #sweep: ReturnType<typeof setInterval>
  #outgoing: { readonly subject: string; readonly token: number }[] = []
  #counter = 0
  #now: number = Date.now()

  constructor(nc: NatsConnection) {
    this.#nc = nc
    this.#inbox = `${newInbox(nc)}.`
    this.#replies = nc.subscribe(`${this.#inbox}*`, { callback: (_error, message) => this.#replied(message) })
    this.#sweep = setInterval(() => this.#expire(), sweepMs)
  }

  /**
   * Undefined when the stream holds no message of the subject. Rejects with `unavailable`, which a stream that does not exist
   * gives as well.
   */
  get(stream: string, subject: string): Promise<DirectMessage | undefined> {
    return new Promise((resolve, reject) => {
      const token = this.#counter++
      this.#pending.set(token, { stream, resolve, reject, deadline: this.#now + deadlineMs })
      if (this.#outgoing.length === 0) setImmediate(() => this.#sendAll())
      this.#outgoing.push({ subject: `$JS.API.DIRECT.GET.${stream}.${subject}`, token })
    })
  }

  /** What is not answered yet is rejected. */
  close(): void {
    clearInterval(this.#sweep)
    this.#outgoing = []
    if (!this.#nc.isClosed()) this.#replies.unsubscribe()
    for (const token of [...this.#pending.keys()]) this.#fail(token, 'the reader was closed')
  }

  #sendAll(): void {
    const outgoing = this.#outgoing
    this.#outgoing = []
    for (const { subject, token } of outgoing) {
      try {
        this.#nc.publish(subject, undefined, { reply: this.#inbox + token })
      } catch {
        this.#fail(token, 'NATS is not connected')
      }
    }
  }

  #replied(message: Msg): void {
    const token = Number(message.subject.slice(this.#inbox.length))
    const pending = this.#pending.get(token)
    if (pending === undefined) return
    this.#pending.delete(token)
    try {
      pending.resolve(directMessage(message, pending.stream))
    } catch (thrown) {
      pending.reject(thrown)
    }
  }

  #expire(): void {
    this.#now = Date.now()
    for (const [token, { deadline }] of this.#pending) {
      if (deadline > this.#now) return
      this.#fail(token, 'it did not answer in time')
    }
  }

  #fail(token: number, reason: string): void {
    const pending = this.#pending.get(token)
    if (pending === undefined) return
    this.#pending.delete(token)
    pending.reject(new WeirError('unavailable', `The stream ${pending.stream} cannot be read: ${reason}.`))
  }
}

interface Pending {
  readonly stream: string
  readonly resolve: (message: DirectMessage | undefined) => void
  readonly reject: (cause: unknown) => void
  readonly deadline: number
}

const deadlineMs = 2_000

/** How often unanswered reads are looked at: the precision of the deadline. */
const sweepMs = 250
