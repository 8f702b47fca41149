import type { Framing } from './framing.ts'

/**
 * One HTTP request, and the answer that it waits for: the seam between the socket library and what
 * is served over HTTP.
 */
export interface HttpExchange {
  readonly request: HttpRequest
  /** The client has gone, or was answered. */
  readonly ended: boolean
  /** Answers in full. Nothing happens when it has ended. */
  answer(answer: HttpAnswer): void
  /** Begins an answer whose body comes in parts; only before any answer. */
  stream(headers: HttpHeaders): BodyStream
  /** Called once when the client goes before its answer is complete. */
  onGone(handler: () => void): void
}

/** A copy, good for as long as anybody wants it. */
export interface HttpRequest {
  /** Upper-case. */
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** Address of the client, as text. */
  readonly ip: string
  // Headers; empty when absent.
  readonly authorization: string
  readonly origin: string
  readonly lastEventId: string
  readonly userAgent: string
  /**
   * Nobody here reads a body, so whatever follows one is not looked at: the connection ends with
   * the answer.
   */
  readonly framing: Framing
}

export type HttpHeaders = Readonly<Record<string, string>>

export interface HttpAnswer {
  readonly status: number
  readonly headers: HttpHeaders
  readonly body: string
}

/** The body of an answer that goes on for as long as both sides want. */
export interface BodyStream {
  /** Sends or buffers a part, which is copied; false when something is left in the buffer now. */
  write(part: Uint8Array): boolean
  /**
   * Called when the system takes bytes again. Only a write makes what is buffered go on, so the
   * handler must write.
   */
  onWritable(handler: () => void): void
  /** Keeps a client that takes nothing from being dropped for another 8 seconds. */
  hold(): void
  /** Ends the body as its framing says, so that no client takes it for cut off. */
  end(): void
}
