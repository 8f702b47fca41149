import { fromBinary } from '@bufbuild/protobuf'
import { type EventBatch, EventBatchSchema } from '@weir/proto'
import type { Fetch } from '../src/platform/fetch.ts'

export interface IngestRequest {
  readonly url: string
  readonly init: RequestInit
  readonly batch: EventBatch
}

/** What ingest says to one request: an answer, or how the network fails. */
export type Reply = (request: IngestRequest) => Response | Promise<Response>

/**
 * Ingest behind a fake fetch: it stores what it accepts, once an id, and answers as the replies
 * say, then with 200.
 */
export class FakeIngest {
  readonly requests: IngestRequest[] = []
  readonly stored: Map<string, string> = new Map()
  readonly #replies: Reply[]

  constructor(...replies: Reply[]) {
    this.#replies = replies
  }

  readonly fetch: Fetch = async (url, init) => {
    const batch = fromBinary(EventBatchSchema, init.body as Uint8Array)
    const request = { url, init, batch }
    this.requests.push(request)
    const reply = this.#replies.shift() ?? ((): Response => this.accept(request))
    return await reply(request)
  }

  /** Stores all but the rejected indexes. */
  accept(
    { batch }: IngestRequest,
    rejected: readonly { index: number; code: string; message: string }[] = [],
  ): Response {
    for (const [index, { subject, event }] of batch.items.entries()) {
      if (event !== undefined && !rejected.some((item) => item.index === index)) this.stored.set(event.id, subject)
    }
    const accepted = batch.items.length - rejected.length
    return Response.json({ accepted, duplicates: 0, ...(rejected.length > 0 ? { rejected } : {}) })
  }
}

export function problem(status: number, code: string, members: object = {}, headers: HeadersInit = {}): Response {
  return Response.json({ status, code, detail: `It is ${code}.`, ...members }, { status, headers })
}
