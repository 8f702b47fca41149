import {
  type Identity,
  problem,
  type RateBuckets,
  requestToken,
  type TracedSpan,
  type Traces,
  type Verifier,
} from '@weir/mesh/edge'
import { asWeirError, type WeirError } from '@weir/proto'
import { senderToken } from './admission/credentials.ts'
import type { Producer } from './admission/producers.ts'
import { rateLimited } from './admission/rate-limited.ts'
import { eventsDialect, unacknowledgedAnswer } from './answers/events-answer.ts'
import { BodyReader } from './body/body-reader.ts'
import { parseContentType } from './body/content-type.ts'
import type { Unpackers } from './body/unpack.ts'
import { EventIds } from './encode/event-id.ts'
import { retryableRejection } from './encode/outcome.ts'
import { Defaults } from './encode/seal.ts'
import type { DecodeContext } from './formats/decoder.ts'
import type { Endpoint } from './http/endpoint.ts'
import type { IngestMetrics } from './ingest-metrics.ts'
import { ingestLimits } from './limits.ts'
import type { Gate } from './store/gate.ts'
import { outcomeOf } from './store/intake.ts'

export interface PipelineParts {
  readonly verifier: Pick<Verifier, 'verify'>
  readonly gate: Gate
  /** Is told of what failed here and not in the request. */
  readonly log: { error(fields: object, message: string): void }
  readonly metrics?: IngestMetrics | undefined
  /** Spans of requests, where they are wanted. */
  readonly traces?: Pick<Traces, 'begin'> | undefined
  readonly unpackers: Unpackers
  readonly limits: PipelineLimits
  /** Whether two requests of OTLP with the same bytes are one that was repeated. */
  readonly otlpDedupe: boolean
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number
}

/** What an operator may set. */
export interface PipelineLimits {
  readonly bodyBytesMax: number
  readonly bodiesBytesMax: number
  readonly bodyMs: number
  readonly eventsPerSecond: number
  readonly bytesPerSecond: number
  readonly subjectsMax: number
  readonly subjectsWindowMs: number
  readonly aheadMs: number
}

/** What the path of a request names, as in `/v1/events/:subject`. */
export type PathParameters = Readonly<Record<string, string>>

/** What happens to a request from its token to its answer, the same for every endpoint. */
export class Pipeline {
  readonly #parts: PipelineParts
  readonly #bodies: BodyReader
  readonly #gate: Gate
  #refusedAt = 0

  constructor(parts: PipelineParts) {
    const { limits, unpackers, gate } = parts
    this.#parts = parts
    this.#bodies = new BodyReader({ ...limits, unpackers })
    this.#gate = gate
    parts.metrics?.watchHeldBytes(() => gate.producers.heldBytes)
  }

  /** Never rejects. */
  async handle(request: Request, endpoint: Endpoint, parameters: PathParameters): Promise<Response> {
    const began = performance.now()
    const { method, path } = endpoint
    const span = this.#spanOf(request, endpoint)
    const answer = await this.#answer(request, endpoint, parameters, span?.traceId)
    const response =
      answer.ok || endpoint.dialect === eventsDialect ? answer : await refusalOf(answer, request, endpoint)
    const { status } = response
    this.#parts.metrics?.answered(path, status, (performance.now() - began) / 1000, span?.traceId)
    span?.end(
      { 'http.request.method': method, 'http.route': path, 'http.response.status_code': status },
      status >= 500 ? `answered with ${status}` : undefined,
    )
    return response
  }

  #spanOf({ headers }: Request, { method, path }: Endpoint): TracedSpan | undefined {
    const { traces } = this.#parts
    return traces?.begin('request', `${method} ${path}`, headers.get('traceparent') ?? undefined)
  }

  async #answer(
    request: Request,
    endpoint: Endpoint,
    parameters: PathParameters,
    traceId: string | undefined,
  ): Promise<Response> {
    let producer: Producer | undefined
    try {
      const identity = await this.#parts.verifier.verify(
        requestToken(request.headers.get('authorization'), senderToken),
      )
      producer = this.#gate.producers.of(identity, this.#parts.now())
      if (producer.buckets.waitSeconds > 0) return tooFast(producer.buckets)
      this.#gate.intake.checkGrants(identity, parameters.subject)
      if (!this.#gate.tenants.isKnown(identity.tenant)) await this.#gate.tenants.check(identity.tenant)
      return await this.#take(request, endpoint, parameters, identity, producer)
    } catch (thrown) {
      // What is refused costs as much as one event, beside the bytes that came.
      producer?.buckets.charge(1, 0)
      return this.#refuse(asWeirError(thrown), endpoint, producer, traceId)
    }
  }

  async #take(
    request: Request,
    endpoint: Endpoint,
    parameters: PathParameters,
    identity: Identity,
    producer: Producer,
  ): Promise<Response> {
    const { headers } = request
    const { metrics, now } = this.#parts
    const { buckets } = producer
    const contentType = parseContentType(headers.get('content-type'))
    const decoder = endpoint.formats.of(contentType, headers)
    const body = await this.#bodies.read(request, producer, endpoint.coding)
    let inFlight = 0
    const release = (): void => {
      producer.records.release(inFlight)
      body.release()
    }
    let unanswered: Promise<unknown> | undefined
    try {
      metrics?.body(body.bytes.length)
      const arrivedMs = now()
      const ids = endpoint.dialect.ids(headers, body.bytes, this.#parts.otlpDedupe)
      // Most are there at once, and a turn of the microtasks costs a request of one event 0.1 us.
      const defaults = new Defaults(arrivedMs, ids instanceof EventIds ? ids : await ids, this.#parts.limits.aheadMs)
      const context: DecodeContext = { contentType, headers, url: request.url, parameters, defaults }
      const records = decoder.decode(body.bytes, context)
      buckets.charge(records.length, 0)
      body.hold(Math.max(0, defaults.eventsBytes - body.bytes.length))
      producer.records.hold(records.length)
      inFlight = records.length
      const low = buckets.isLow ? buckets.headers() : undefined
      const sending = this.#gate.intake.send(identity, records, arrivedMs)
      if (wantsNoAck(request.url)) {
        unanswered = sending.stored
        return unacknowledgedAnswer(sending.sent.length, sending.rejected, low)
      }
      const outcome = await outcomeOf(sending, this.#refused)
      metrics?.stored(outcome)
      if (retryableRejection(outcome) !== undefined) void this.#gate.tenants.ask(identity.tenant)
      if (context.tally !== undefined) metrics?.exemplars(context.tally.exemplars)
      const told = context.tally === undefined ? low : { ...low, ...context.tally.headers(outcome) }
      return endpoint.dialect.answer(outcome, told, contentType.mediaType)
    } finally {
      if (unanswered === undefined) release()
      else void unanswered.then(release)
    }
  }

  /** Logs what the store refuses, now and then: it may well refuse every event of the mesh. */
  readonly #refused = (err: WeirError): void => {
    const now = this.#parts.now()
    if (now - this.#refusedAt < ingestLimits.refusalLogMs) return
    this.#refusedAt = now
    this.#parts.log.error({ err }, 'the store refuses events')
  }

  #refuse(error: WeirError, endpoint: Endpoint, producer: Producer | undefined, traceId: string | undefined): Response {
    if (error.code === 'rate_limited' && producer !== undefined) return tooFast(producer.buckets)
    if (error.code === 'internal') this.#parts.log.error({ err: error.cause, traceId }, 'a request failed here')
    const headers: Record<string, string> = {}
    if (error.code === 'unsupported_type') {
      headers['accept-post'] = endpoint.formats.mediaTypes.join(', ')
      headers['accept-encoding'] = Object.keys(this.#parts.unpackers).join(', ')
    }
    // What is left of the body is not worth reading.
    if (error.code === 'slow_body' || error.code === 'too_large') headers.connection = 'close'
    return problem(error, { headers })
  }
}

/** In the protocol of the endpoint. */
function refusalOf(
  problem: Response,
  { headers }: Request,
  { dialect, formats }: Endpoint,
): Response | Promise<Response> {
  return dialect.refusal(problem, parseContentType(headers.get('content-type')).mediaType, formats.mediaTypes)
}

/**
 * Retry-After is when the buckets are filled, and up to half as long again, so that producers do
 * not return at once.
 */
function tooFast(buckets: RateBuckets): Response {
  const seconds = Math.ceil(buckets.waitSeconds * (1 + Math.random() / 2))
  return problem(rateLimited(), { headers: { 'retry-after': String(seconds), ...buckets.headers() } })
}

/** `?ack=none`. The cheap test spares the others a URL. */
function wantsNoAck(url: string): boolean {
  return url.includes('ack=none') && new URL(url).searchParams.get('ack') === 'none'
}
