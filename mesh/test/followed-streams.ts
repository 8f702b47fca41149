import { type JetStreamManager, jetstream, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { connectNats } from '../src/connection/connection.ts'
import { createLogger } from '../src/run/log.ts'
import { bucketStream, eventStream, liveSubject } from '../src/streams/layout.ts'
import { Tail, type TailOptions } from '../src/tail/tail.ts'
import { startNats, type TestNats } from '../src/testing/test-server.ts'
import { RecordingSink } from './recording-sink.ts'

const log = createLogger('test', 'fatal')

/** Of one request, of which a test may make thousands at once on a busy machine. */
const timeout = 60_000

/**
 * Streams and buckets of a nats-server of their own, small and in memory, and tails that follow
 * them over another connection than the one that fills them.
 */
export class FollowedStreams {
  readonly producer: NatsConnection
  readonly follower: NatsConnection
  readonly #server: TestNats
  readonly #tails: Tail[] = []

  private constructor(server: TestNats, producer: NatsConnection, follower: NatsConnection) {
    this.#server = server
    this.producer = producer
    this.follower = follower
  }

  static async start(): Promise<FollowedStreams> {
    const server = await startNats()
    const { url } = server
    const producer = await connectNats({ url, name: 'producer', log })
    return new FollowedStreams(server, producer, await connectNats({ url, name: 'hub', log }))
  }

  async stop(): Promise<void> {
    for (const tail of this.#tails) tail.close()
    await this.producer.close()
    await this.follower.close()
    await this.#server.stop()
  }

  /** A tail that is open, and what it hands on. */
  async follow(...of: Parameters<FollowedStreams['tail']>): Promise<FollowingTail> {
    const following = this.tail(...of)
    await following.tail.open()
    return following
  }

  /** One that is still to be opened. */
  tail(
    tenant: string,
    source = 'events',
    times: Pick<TailOptions, 'pollMs' | 'markersMs' | 'heldMax'> = { pollMs: 200 },
    nc: NatsConnection = this.follower,
  ): FollowingTail {
    const sink = new RecordingSink()
    const tail = new Tail({ nc, tenant, source, sink, log, ...times })
    this.#tails.push(tail)
    return { tail, sink }
  }

  manager(nc: NatsConnection = this.producer): Promise<JetStreamManager> {
    return jetstreamManager(nc, { timeout })
  }

  async publish(tenant: string, subject: string, value: number, nc: NatsConnection = this.producer): Promise<void> {
    await jetstream(nc).publish(`ev.${tenant}.${subject}`, String(value), { timeout })
  }

  async makeStream(
    tenant: string,
    extra: Record<string, unknown> = {},
    nc: NatsConnection = this.producer,
  ): Promise<void> {
    await (await this.manager(nc)).streams.add({
      name: eventStream(tenant),
      subjects: [`ev.${tenant}.>`],
      retention: RetentionPolicy.Limits,
      storage: StorageType.Memory,
      allow_direct: true,
      republish: { src: `ev.${tenant}.>`, dest: `${liveSubject(tenant, 'events')}.>` },
      ...extra,
    })
  }

  /** A bucket whose values expire after so many seconds, and markers of that after others. */
  async makeBucket(tenant: string, ageSeconds: number, markerSeconds: number): Promise<void> {
    await (await this.manager()).streams.add({
      name: bucketStream(tenant, 'latest'),
      subjects: [`$KV.${tenant}_latest.>`],
      storage: StorageType.Memory,
      max_msgs_per_subject: 1,
      max_age: ageSeconds * 1e9,
      allow_msg_ttl: true,
      subject_delete_marker_ttl: markerSeconds * 1e9,
      allow_rollup_hdrs: true,
      allow_direct: true,
      republish: { src: `$KV.${tenant}_latest.>`, dest: `${liveSubject(tenant, 'latest')}.>` },
    } as never)
  }
}

interface FollowingTail {
  readonly tail: Tail
  readonly sink: RecordingSink
}
