import { closingEvent, commentLine, openingLines } from '../codec/codec-sse.ts'
import { limits } from '../limits.ts'
import type { Link } from '../session/link.ts'
import type { BodyStream, HttpExchange, HttpHeaders } from './http-exchange.ts'

/**
 * A stream of server-sent events as a session's socket. The answer begins with the first message,
 * so that until then the request can still be refused with a status.
 *
 * How much the library holds cannot be asked, so it is counted from above: everything since the
 * buffer was last empty.
 */
export class SseLink implements Link {
  readonly ip: string
  readonly #exchange: HttpExchange
  readonly #headers: HttpHeaders
  readonly #events: SseLinkEvents
  #body: BodyStream | undefined
  #bufferedBytes = 0
  /** Runs from a write that did not go out until the system takes bytes again. */
  #holding: NodeJS.Timeout | undefined
  #ended = false

  constructor(exchange: HttpExchange, headers: HttpHeaders, events: SseLinkEvents) {
    this.ip = exchange.request.ip
    this.#exchange = exchange
    this.#headers = headers
    this.#events = events
    exchange.onGone(() => this.#end())
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /** Whether the answer has begun. */
  get begun(): boolean {
    return this.#body !== undefined
  }

  send(message: Uint8Array): boolean {
    // Before the answer has begun there is nothing to keep alive, and a status can still be chosen.
    const premature = message === commentLine && !this.begun
    if (!this.#ended && !premature) this.#write(this.#body ?? this.#begin(), message)
    return this.#bufferedBytes === 0
  }

  ping(): void {
    // An event stream goes one way.
  }

  close(code: number, reason: string): void {
    if (this.#ended) return
    this.send(closingEvent(code, reason))
    this.#body?.end()
    this.#end()
  }

  #begin(): BodyStream {
    const body = this.#exchange.stream({ ...this.#headers, ...streamHeaders })
    this.#body = body
    body.onWritable(() => {
      clearInterval(this.#holding)
      this.#holding = undefined
      this.#write(body, commentLine)
      this.#events.drained()
    })
    // Each client another time, since those of a hub that dies go at once.
    this.#write(body, openingLines(Math.round(limits.sseRetryMs * (0.5 + Math.random()))))
    return body
  }

  #write(body: BodyStream, part: Uint8Array): void {
    if (body.write(part)) {
      this.#bufferedBytes = 0
      return
    }
    this.#bufferedBytes += part.length
    this.#holding ??= setInterval(() => body.hold(), limits.sseHoldMs)
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#bufferedBytes = 0
    clearInterval(this.#holding)
    this.#events.ended()
  }
}

export interface SseLinkEvents {
  /** The buffer of the socket has shrunk. */
  drained(): void
  /** The stream is over, whoever ended it. */
  ended(): void
}

const streamHeaders: HttpHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // Proxies that buffer answers would hold events back.
  'x-accel-buffering': 'no',
}
