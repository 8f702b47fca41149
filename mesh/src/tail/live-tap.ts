import { MsgHdrsImpl } from '@nats-io/nats-core/internal'
import { type Frame, type FrameTap, LINE_END_BYTES } from '../connection/frame-parser.ts'
import { internSubject } from './subject-cache.ts'

/**
 * Receives one message. `subject` lacks the prefix that all subjects of the subscription share.
 * `payload` is a view that is valid during the call only; the header block lies right before it in
 * the same buffer, and `headed` decodes that block.
 */
export type LiveHandler = (subject: string, payload: Uint8Array, headed: Headed) => void

export interface Headed {
  readonly headers?: { last(name: string): string } | undefined
}

/**
 * Hands the messages of a live subscription to its handler; those without headers are left to the
 * client. It makes a view of a message, and finds the string of the subject in a cache.
 *
 * Budget: 0.5 us a message with its subject, beside its handler; it is part of what
 * bench/src/inbound.bench.ts measures.
 */
export class LiveTap implements FrameTap {
  readonly #prefixLength: number
  readonly #handler: LiveHandler
  readonly #headed: HeaderBlock = new HeaderBlock()

  /** @param prefixLength in bytes, of the prefix of the subjects, which the handler does not get */
  constructor(prefixLength: number, handler: LiveHandler) {
    this.#prefixLength = prefixLength
    this.#handler = handler
  }

  hand(chunk: Uint8Array, { subjectStart, subjectEnd, headerStart, payloadStart, end }: Frame): boolean {
    if (headerStart < 0) return false
    const subject = internSubject(chunk, subjectStart + this.#prefixLength, subjectEnd)
    const size = end - LINE_END_BYTES - payloadStart
    this.#headed.at(chunk, headerStart, payloadStart)
    this.#handler(subject, new Uint8Array(chunk.buffer, chunk.byteOffset + payloadStart, size), this.#headed)
    return true
  }
}

/** The header block of the message that is being handled. */
class HeaderBlock implements Headed {
  #chunk: Uint8Array = new Uint8Array(0)
  #start = 0
  #end = 0

  at(chunk: Uint8Array, start: number, end: number): void {
    this.#chunk = chunk
    this.#start = start
    this.#end = end
  }

  get headers(): Headed['headers'] {
    return MsgHdrsImpl.decode(this.#chunk.subarray(this.#start, this.#end))
  }
}
