import { fromBinary } from '@bufbuild/protobuf'
import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  EventShards,
  eventStream,
  jetstreamManager,
  type NatsConnection,
  Publisher,
  type PublisherOptions,
  provisionTenant,
  serve,
  Verifier,
} from '@weir/mesh'
import { startNats, type TestNats, type TestNatsOptions } from '@weir/mesh/testing'
import { type Event, EventSchema } from '@weir/proto'
import { nodeUnpackers } from '../src/body/unpack-node.ts'
import { createIngest, type IngestParts } from '../src/create-ingest.ts'
import { tenantExistsIn } from '../src/store/tenant-exists.ts'
import { type Body, tokenFor } from './fake-stream.ts'
import { secret } from './secret.ts'
import type { StallingProxy } from './stalling-proxy.ts'

/** What was stored, in the order of the stream. */
export interface StoredEvent {
  readonly seq: number
  readonly subject: string
  /** Nats-Msg-Id. */
  readonly messageId: string
  readonly event: Event
}

/** An ingest with a real nats-server behind it and a real port before it. */
export interface RunningIngest {
  readonly url: string
  readonly nats: TestNats
  readonly publisher: Publisher
  /** May publish everywhere in tenant `main`. */
  readonly token: string
  /** A connection to NATS that nothing stalls. */
  readonly direct: NatsConnection
  post(path: string, body: Body, headers?: Record<string, string>): Promise<Response>
  stored(): Promise<StoredEvent[]>
  stop(): Promise<void>
}

export interface RunningIngestOptions extends Partial<IngestParts> {
  readonly publishing?: PublisherOptions
  readonly natsOptions?: TestNatsOptions
  /** Stands between ingest and NATS. */
  readonly proxy?: (natsPort: number) => Promise<StallingProxy>
}

export async function startIngest({
  publishing,
  natsOptions,
  proxy: through,
  ...parts
}: RunningIngestOptions = {}): Promise<RunningIngest> {
  const nats = await startNats(natsOptions)
  const proxy = await through?.(nats.port)
  const log = createLogger('ingest', 'fatal')
  const direct = await connectNats({ url: nats.url, name: 'test', log })
  await provisionTenant(direct, 'main', defaultTenantSpec)
  const nc = await connectNats({ url: `nats://127.0.0.1:${proxy?.port ?? nats.port}`, name: 'ingest', log })
  const publisher = new Publisher(nc, publishing)
  const shards = new EventShards(nc)
  const verifier = new Verifier({ jwtSecret: secret, jwtIssuer: 'weir', jwtAudience: 'weir' })
  const ingest = createIngest({
    verifier,
    publisher,
    tenantExists: tenantExistsIn(shards),
    shardsOf: shards.known.bind(shards),
    log,
    unpackers: nodeUnpackers,
    ...parts,
  })
  const server = await serve(ingest, { hostname: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${server.port}`
  const token = await tokenFor(['>'])
  return {
    url,
    nats,
    publisher,
    token,
    post: (path, body, headers) =>
      fetch(url + path, { method: 'POST', body, headers: { authorization: `Bearer ${token}`, ...headers } }),
    direct,
    stored: () => readStream(nats.url),
    async stop() {
      await server.close(0)
      await publisher.drain()
      await nc.close()
      await direct.close()
      await proxy?.close()
      await nats.stop()
    },
  }
}

/** Over a connection of its own, as the others may just be reconnecting. */
async function readStream(url: string): Promise<StoredEvent[]> {
  const nc = await connectNats({ url, name: 'test', log: createLogger('test', 'fatal') })
  try {
    const manager = await jetstreamManager(nc)
    const { state } = await manager.streams.info(eventStream('main'))
    const stored: StoredEvent[] = []
    for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
      const message = await manager.direct.getMessage(eventStream('main'), { seq })
      if (message === null) continue
      stored.push({
        seq,
        subject: message.subject.slice('ev.main.'.length),
        messageId: message.header.get('Nats-Msg-Id'),
        event: fromBinary(EventSchema, message.data),
      })
    }
    return stored
  } finally {
    await nc.close()
  }
}
