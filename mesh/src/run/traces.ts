import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { limits } from '../config/limits.ts'

export interface TracesOptions {
  /** Where spans are sent by OTLP over HTTP, as `http://collector:4318/v1/traces`. */
  readonly url: string
  /** `service.name` of the spans is `weir-<service>`. */
  readonly service: string
  /** The share of work without a trace of its own that begins one, from 0 to 1. */
  readonly share: number
  /** Milliseconds that never decrease. */
  readonly now?: () => number
}

/** What a span is of: a request, an event that is processed, or one that is sent on. */
export type TracedWork = 'request' | 'process' | 'deliver'

/**
 * The spans of a service, exported in batches. A span belongs to the trace of the producer when
 * that is sampled (W3C Trace Context). The number of spans a second is bounded, whatever producers
 * ask for; work past the bound goes on without a span. A collector that is away costs the spans of
 * that time and nothing else.
 */
export class Traces {
  readonly #provider: TracerProvider
  readonly #share: number
  readonly #now: () => number
  #second = 0
  #begun = 0

  constructor({ url, service, share, now = () => performance.now() }: TracesOptions) {
    this.#share = share
    this.#now = now
    const exporter = new OTLPTraceExporter({ url, timeoutMillis: limits.traceExportMs })
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': `weir-${service}` }),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter,
          maxQueueSize: limits.tracesQueued,
          scheduledDelayMillis: limits.traceExportEveryMs,
        }),
      ],
    })
  }

  /**
   * Begins a span. `traceparent` is that of the work before; without one, a share of the spans
   * begins a trace. Returns undefined when the trace is not sampled or the bound is reached.
   * `startMs` is in milliseconds since the Unix epoch, and now when absent.
   */
  begin(work: TracedWork, name: string, traceparent: string | undefined, startMs?: number): TracedSpan | undefined {
    const parent = traceparent === undefined ? undefined : parentOf(traceparent)
    const isSampled = parent === undefined ? Math.random() < this.#share : (parent.traceFlags & 1) === 1
    if (!isSampled || !this.#hasRoom()) return undefined
    const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
    const options = { kind: kinds[work], ...(startMs === undefined ? {} : { startTime: startMs }) }
    return new TracedSpan(this.#provider.getTracer('weir').startSpan(name, options, context))
  }

  /** Exports what has ended. Never rejects. */
  async stop(): Promise<void> {
    await this.#provider.shutdown().catch(() => undefined)
  }

  #hasRoom(): boolean {
    const second = Math.floor(this.#now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#begun = 0
    }
    return this.#begun++ < limits.tracesPerSecond
  }
}

/** One span that has begun. */
export class TracedSpan {
  readonly #span: Span

  constructor(span: Span) {
    this.#span = span
  }

  get traceId(): string {
    return this.#span.spanContext().traceId
  }

  /** Ends it. `fault` says what went wrong, where something did. */
  end(attributes: Attributes, fault?: string): void {
    this.#span.setAttributes(attributes)
    if (fault !== undefined) this.#span.setStatus({ code: SpanStatusCode.ERROR, message: fault })
    this.#span.end()
  }
}

const kinds: Readonly<Record<TracedWork, SpanKind>> = {
  request: SpanKind.SERVER,
  process: SpanKind.CONSUMER,
  deliver: SpanKind.PRODUCER,
}

/** Undefined for what is no traceparent of W3C Trace Context. */
function parentOf(traceparent: string): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = traceparentPattern.exec(traceparent) ?? []
  if (traceId === '' || /^0*$/.test(traceId) || /^0*$/.test(spanId)) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}

/** Versions after 00 may go on after the flags; ff is none. */
const traceparentPattern = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/
