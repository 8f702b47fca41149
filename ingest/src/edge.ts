import {
  connectNatsByWebSocket,
  EventShards,
  type NatsConnection,
  Publisher,
  problem,
  secured,
  Verifier,
  type VerifierOptions,
} from '@weir/mesh/edge'
import { asWeirError, WeirError } from '@weir/proto'
import { createIngest, type Ingest, type IngestParts } from './create-ingest.ts'
import { tenantExistsIn } from './store/tenant-exists.ts'

export interface EdgeOptions extends VerifierOptions, Pick<IngestParts, 'limits' | 'routes' | 'origins' | 'unpackers'> {
  /** wss://user:password@host:port of NATS over WebSocket. */
  readonly natsUrl: string
}

export interface EdgeIngest {
  readonly fetch: Ingest
  /** Finishes what is on its way to the stream and closes the connection. */
  close(): Promise<void>
}

/**
 * Ingest for runtimes that have fetch and WebSocket but no sockets: Deno Deploy, a Durable Object
 * of Cloudflare. It connects at the first request and keeps the connection, so it must live where
 * one may outlive a request. Throws `invalid` for options that no request could be served with.
 */
export function createEdgeIngest(options: EdgeOptions): EdgeIngest {
  const verifier = new Verifier(options)
  if (!URL.canParse(options.natsUrl) || !/^wss?:/.test(options.natsUrl)) {
    throw new WeirError(
      'invalid',
      'Set WEIR_NATS_URL (natsUrl) to where NATS listens for WebSocket: wss://ingest:<password>@nats.example.org.',
    )
  }
  let opening: Promise<OpenIngest> | undefined
  return {
    async fetch(request) {
      try {
        opening ??= open(options, verifier)
        return secured(await (await opening).ingest(request))
      } catch (thrown) {
        // The next request tries again.
        opening = undefined
        return secured(problem(asWeirError(thrown)))
      }
    },
    async close() {
      const opened = await opening?.catch(() => undefined)
      await opened?.publisher.drain()
      await opened?.nc.close()
    },
  }
}

interface OpenIngest {
  readonly nc: NatsConnection
  readonly publisher: Publisher
  readonly ingest: Ingest
}

async function open({ natsUrl, ...options }: EdgeOptions, verifier: Verifier): Promise<OpenIngest> {
  const nc = await connectNatsByWebSocket({ url: natsUrl, name: 'ingest' })
  const publisher = new Publisher(nc)
  const shards = new EventShards(nc)
  return {
    nc,
    publisher,
    ingest: createIngest({
      ...options,
      verifier,
      publisher,
      tenantExists: tenantExistsIn(shards),
      shardsOf: shards.known.bind(shards),
      log: console,
    }),
  }
}
