import { randomUUID } from 'node:crypto'
import { create, toBinary } from '@bufbuild/protobuf'
import { ConditionalPublisher, EventShards, eventSubject, type NatsConnection, shardOf } from '@weir/mesh'
import { EventSchema, silenceSubject, timestampFromMilliseconds, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'

/** Stores silences of a tenant as events, `silences.<name>`. */
export class SilenceLog {
  readonly #tenant: string
  readonly #publisher: ConditionalPublisher
  readonly #shards: EventShards

  constructor(nc: NatsConnection, tenant: string) {
    this.#tenant = tenant
    this.#shards = new EventShards(nc)
    this.#publisher = new ConditionalPublisher(nc, { deadlineMs: limits.storeMs })
  }

  /**
   * The last event of a name is what counts of it. Throws `unavailable`.
   *
   * @param data what readSilence takes
   * @param id the same for the same event, whoever stores it; random when absent
   */
  async put(name: string, data: object, atMs: number, id: string = `silence-${randomUUID()}`): Promise<void> {
    const subject = silenceSubject(name)
    const time = timestampFromMilliseconds(atMs)
    const event = create(EventSchema, {
      id,
      type: 'weir.silence',
      source: 'weir/projector',
      ...(time === undefined ? {} : { time }),
      data: { case: 'json', value: JSON.stringify(data) },
    })
    const outcome = await this.#publisher.store({
      subject: eventSubject(shardOf(await this.#shards.of(this.#tenant), subject), subject),
      payload: toBinary(EventSchema, event),
      headers: `Nats-Msg-Id: ${id}\r\n`,
    })
    if (outcome.kind === 'refused') throw outcome.error
    if (outcome.kind !== 'stored') throw new WeirError('unavailable', 'The silence was not stored; try again.')
  }

  close(): void {
    this.#publisher.close()
  }
}
