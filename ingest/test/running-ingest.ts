import { fromBinary } from '@bufbuild/protobuf'
import {
  connectNats,
  createLogger,
  defaultTenantSpec,
  eventStream,
  jetstreamManager,
  type NatsConnection,
  Publisher,
  provisionTenant,
  serve,
  Verifier,
} from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { type Event, EventSchema } from '@weir/proto'
import { createIngest, type IngestParts } from '../src/create-ingest.ts'
import { nodeUnpackers } from '../src/unpack-node.ts'
import { type Body, tokenFor } from './fake-stream.ts'
import { secret } from './secret.ts'

/** What was stored, in the order of the stream. */
export interface StoredEvent {
  readonly seq: number
  readonly subject: string
  readonly messageId: string
  readonly event: Event
}

/** An ingest with a real nats-server behind it and a real port before it. */
export interface RunningIngest {
  readonly url: string
  readonly nats: TestNats
  /** May publish everywhere in tenant `main`. */
  readonly token: string
  post(path: string, body: Body, headers?: Record<string, string>): Promise<Response>
  stored(): Promise<StoredEvent[]>
  stop(): Promise<void>
}

export async function startIngest(options: Partial<IngestParts> = {}): Promise<RunningIngest> {
  const nats = await startNats()
  const log = createLogger('ingest', 'fatal')
  const nc = await connectNats({ url: nats.url, name: 'ingest', log })
  await provisionTenant(nc, 'main', defaultTenantSpec)
  const publisher = new Publisher(nc)
  const verifier = new Verifier({ jwtSecret: secret, jwtIssuer: 'weir', jwtAudience: 'weir' })
  const ingest = createIngest({ verifier, publisher, log, unpackers: nodeUnpackers, ...options })
  const server = await serve(ingest, { hostname: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${server.port}`
  const token = await tokenFor(['>'])
  return {
    url,
    nats,
    token,
    post: (path, body, headers) =>
      fetch(url + path, { method: 'POST', body, headers: { authorization: `Bearer ${token}`, ...headers } }),
    stored: () => readStream(nc),
    async stop() {
      await server.close(0)
      await publisher.drain()
      await nc.close()
      await nats.stop()
    },
  }
}

async function readStream(nc: NatsConnection): Promise<StoredEvent[]> {
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
}
