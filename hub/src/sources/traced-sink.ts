import type { TailSink, TracedSpan, Traces } from '@weir/mesh'
import { type Removal, sampledTraceparent } from '@weir/proto'
import type { Source } from '../engine/source.ts'
import { limits } from '../limits.ts'

/**
 * Hands the entries of a tail to a source, with a span for each event whose trace is sampled: from
 * its arrival at the hub to the pass that sent it. One span stands for the whole fan-out, since a
 * span for each subscriber would cost more than the delivery.
 */
export class TracedSink implements TailSink {
  readonly #source: Source
  readonly #traces: Pick<Traces, 'begin'>
  /** Of events that wait for the next pass. */
  #waiting: { readonly span: TracedSpan; readonly subject: string }[] = []
  /** Deliveries of the source when the first of them arrived. */
  #deliveries = 0

  constructor(source: Source, traces: Pick<Traces, 'begin'>) {
    this.#source = source
    this.#traces = traces
  }

  begin(epoch: number): void {
    this.#source.begin(epoch)
  }

  loaded(head: number, first: number): void {
    this.#source.loaded(head, first)
  }

  gap(from: number, to: number): void {
    this.#source.gap(from, to)
  }

  entry(subject: string, seq: number, payload: Uint8Array, removal: Removal): void {
    const { name, counters } = this.#source
    const { deliveries } = counters
    // What is loaded, or goes to nobody, waits for no pass.
    if (!this.#source.entry(subject, seq, payload, removal) || this.#waiting.length >= limits.tracedMax) return
    const traceparent = sampledTraceparent(payload)
    if (traceparent === undefined) return
    const span = this.#traces.begin('deliver', `deliver ${name}`, traceparent)
    if (span === undefined) return
    if (this.#waiting.length === 0) this.#deliveries = deliveries
    this.#waiting.push({ span, subject })
  }

  /**
   * Ends the spans after a pass, which has sent their events to all that were caught up. Returns
   * the trace of one of them, if there were any.
   */
  passed(): string | undefined {
    if (this.#waiting.length === 0) return undefined
    const { name, subscriberCount, counters } = this.#source
    const deliveries = counters.deliveries - this.#deliveries
    const waiting = this.#waiting
    this.#waiting = []
    for (const { span, subject } of waiting) {
      span.end({
        'weir.source': name,
        'weir.subject': subject,
        'weir.subscribers': subscriberCount,
        'weir.pass.events': waiting.length,
        'weir.pass.deliveries': deliveries,
      })
    }
    return waiting[0]?.span.traceId
  }
}
