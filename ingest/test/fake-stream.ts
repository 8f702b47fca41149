import type { Outgoing, Stored } from '@weir/mesh'
import { createLogger, mintToken, Verifier } from '@weir/mesh'
import type { WeirError } from '@weir/proto'
import { nodeUnpackers } from '../src/body/unpack-node.ts'
import { createIngest, type Ingest, type IngestParts } from '../src/create-ingest.ts'
import { secret } from './secret.ts'

/**
 * Stands where the publisher is: keeps what is published, knows duplicates by id, and fails as it
 * is told.
 */
export class FakeStream {
  readonly messages: Outgoing[] = []
  /** What to answer for a message instead of storing it. */
  failure: (message: Outgoing) => WeirError | undefined = () => undefined
  readonly #ids = new Set<string>()

  publishAll(messages: readonly Outgoing[]): Promise<readonly (Stored | WeirError)[]> {
    return Promise.resolve(messages.map((message) => this.#publish(message)))
  }

  #publish(message: Outgoing): Stored | WeirError {
    const failure = this.failure(message)
    if (failure !== undefined) return failure
    const duplicate = this.#ids.has(message.id)
    if (!duplicate) this.messages.push(message)
    this.#ids.add(message.id)
    return { seq: this.messages.length, duplicate }
  }
}

/** Ingest before a fake stream, called without a socket. */
export interface BareIngest {
  readonly stream: FakeStream
  readonly ingest: Ingest
  /** Posts with a token that may publish everywhere, unless the headers have another. */
  post(path: string, body: Body, headers?: Record<string, string>): Promise<Response>
}

export type Body = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null

export async function bareIngest(parts: Partial<IngestParts> = {}): Promise<BareIngest> {
  const stream = new FakeStream()
  const verifier = new Verifier({ jwtSecret: secret, jwtIssuer: 'weir', jwtAudience: 'weir' })
  const log = createLogger('ingest', 'fatal')
  const ingest = createIngest({ verifier, publisher: stream, log, unpackers: nodeUnpackers, ...parts })
  const token = await tokenFor(['>'])
  return {
    stream,
    ingest,
    post(path, body, headers) {
      const all = { authorization: `Bearer ${token}`, ...headers }
      return ingest(new Request(`http://ingest${path}`, { method: 'POST', body, headers: all, duplex: 'half' }))
    },
  }
}

export function tokenFor(publish: readonly string[], subject = 'producer'): Promise<string> {
  return mintToken(secret, { tenant: 'main', subject, publish, subscribe: [], ttlSeconds: 600 })
}
