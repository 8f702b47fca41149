/**
 * Hot path. Budget: 20 us a read on Bun, guarded by bench/src/projector.bench.ts (state by key).
 */
import type { NatsConnection } from '@nats-io/nats-core'
import { WeirError } from '@weir/proto'
import { limits } from '../config/limits.ts'
import { isConnected, watchConnection } from '../connection/connection-watch.ts'
import { Replies } from '../connection/replies.ts'
import { lost } from '../connection/request.ts'
import { type DirectMessage, directMessage } from './direct-get.ts'

/**
 * Reads the newest message of subjects, as `lastMessage` does, for who does so all the time: what
 * is asked for within one turn of the event loop goes out in one write, and a request costs no
 * timer and no header object.
 */
export class LastValueReader {
  readonly #nc: NatsConnection
  readonly #replies: Replies<Pending>
  readonly #watch: { stop(): void }
  #outgoing: { readonly subject: string; readonly token: number }[] = []

  constructor(nc: NatsConnection) {
    this.#nc = nc
    this.#replies = new Replies(nc, {
      deadlineMs: limits.readDeadlineMs,
      sweepMs: limits.repliesSweepMs,
      answered: (message, token, pending) => {
        this.#replies.settle(token)
        try {
          pending.resolve(directMessage(message, pending.stream))
        } catch (thrown) {
          pending.reject(thrown)
        }
      },
      expired: ({ stream, reject }) => reject(unread(stream, 'it did not answer in time')),
    })
    this.#watch = watchConnection(nc, { lost: () => this.#end(({ stream }) => lost(`The stream ${stream}`)) })
  }

  /**
   * Undefined when the stream holds no message of the subject. Rejects with `unavailable`, which a
   * stream that does not exist gives as well; at once when the connection is lost.
   */
  get(stream: string, subject: string): Promise<DirectMessage | undefined> {
    return new Promise((resolve, reject) => {
      if (!isConnected(this.#nc)) return reject(lost(`The stream ${stream}`))
      const token = this.#replies.add({ stream, resolve, reject, deadline: 0 })
      if (this.#outgoing.length === 0) setImmediate(() => this.#sendAll())
      this.#outgoing.push({ subject: `$JS.API.DIRECT.GET.${stream}.${subject}`, token })
    })
  }

  /** What is not answered yet is rejected. */
  close(): void {
    this.#watch.stop()
    this.#replies.close()
    this.#end(({ stream }) => unread(stream, 'the reader was closed'))
  }

  #end(why: (pending: Pending) => WeirError): void {
    this.#outgoing = []
    for (const pending of this.#replies.takeAll()) pending.reject(why(pending))
  }

  #sendAll(): void {
    const outgoing = this.#outgoing
    this.#outgoing = []
    for (const { subject, token } of outgoing) {
      try {
        this.#nc.publish(subject, undefined, { reply: this.#replies.subjectOf(token) })
      } catch {
        const pending = this.#replies.get(token)
        this.#replies.settle(token)
        pending?.reject(lost(`The stream ${pending.stream}`))
      }
    }
  }
}

interface Pending {
  readonly stream: string
  readonly resolve: (message: DirectMessage | undefined) => void
  readonly reject: (cause: unknown) => void
  deadline: number
}

function unread(stream: string, reason: string): WeirError {
  return new WeirError('unavailable', `The stream ${stream} cannot be read: ${reason}.`)
}
