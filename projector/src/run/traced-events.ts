import type { TracedSpan, Traces } from '@weir/mesh'
import { sampledTraceparent } from '@weir/proto'
import { limits } from '../limits.ts'

/**
 * Makes a span for each event of a projection whose trace is sampled: from when the projection
 * takes it to when its effects are stored.
 */
export class TracedEvents {
  readonly #traces: Pick<Traces, 'begin'>
  readonly #projection: string
  /** In the order of sequence. */
  #taken: { readonly seq: number; readonly subject: string; readonly span: TracedSpan }[] = []

  constructor(traces: Pick<Traces, 'begin'>, projection: string) {
    this.#traces = traces
    this.#projection = projection
  }

  took(subject: string, seq: number, payload: Uint8Array): void {
    if (this.#taken.length >= limits.tracedMax) return
    const traceparent = sampledTraceparent(payload)
    if (traceparent === undefined) return
    const span = this.#traces.begin('process', `project ${this.#projection}`, traceparent)
    if (span !== undefined) this.#taken.push({ seq, subject, span })
  }

  /** Ends the spans of the events whose effects are stored. */
  stored(to: number): void {
    if ((this.#taken[0]?.seq ?? Number.POSITIVE_INFINITY) > to) return
    for (const { seq, subject, span } of this.#taken) {
      if (seq <= to) span.end({ 'weir.projection': this.#projection, 'weir.subject': subject })
    }
    this.#taken = this.#taken.filter(({ seq }) => seq > to)
  }

  /** Ends the spans of events that will be taken again. */
  interrupted(): void {
    for (const { subject, span } of this.#taken) {
      span.end({ 'weir.projection': this.#projection, 'weir.subject': subject }, 'the projection began again')
    }
    this.#taken = []
  }
}
