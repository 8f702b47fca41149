import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { ConditionalPublisher, keySubject, lastMessage, type NatsConnection, readRange, sourceStream } from '@weir/mesh'
import { EventSchema, Removal, WeirError } from '@weir/proto'
import * as v from 'valibot'
import type { Partition } from '../event/partition.ts'
import { limits } from '../limits.ts'
import { isCleared, type PartitionPosition, type Position, type PositionStore } from '../log/position.ts'

/**
 * Positions in the tenant's bucket `positions`, under `<projection>.<i>-<n>`. Like every value of a
 * bucket they are events, so a dashboard can watch them.
 */
export class BucketPositions implements PositionStore {
  readonly #nc: NatsConnection
  readonly #tenant: string
  readonly #publisher: ConditionalPublisher

  constructor(nc: NatsConnection, tenant: string) {
    this.#nc = nc
    this.#tenant = tenant
    this.#publisher = new ConditionalPublisher(nc, { deadlineMs: limits.storeMs })
  }

  async load(projection: string): Promise<readonly PartitionPosition[]> {
    const filter = keySubject(this.#tenant, bucket, `${projection}.*`)
    const { messages } = await readRange(this.#nc, sourceStream(this.#tenant, bucket), {
      seq: 1,
      filter,
      messagesMax: limits.positionsMax,
      bytesMax: limits.pageBytesMax,
    })
    return messages.flatMap(({ subject, payload, removal }) => {
      const partition = partitionOf(subject.slice(filter.length - 1))
      const position = removal === Removal.UNSPECIFIED ? decode(payload) : undefined
      return partition === undefined || position === undefined ? [] : [{ partition, position }]
    })
  }

  /** The projections that have a position. */
  async names(): Promise<readonly string[]> {
    const prefix = keySubject(this.#tenant, bucket, '').length
    const { messages } = await readRange(this.#nc, sourceStream(this.#tenant, bucket), {
      seq: 1,
      filter: keySubject(this.#tenant, bucket, '>'),
      messagesMax: limits.positionsMax,
      bytesMax: limits.pageBytesMax,
    })
    const stored = messages.filter(({ removal }) => removal === Removal.UNSPECIFIED)
    return [...new Set(stored.map(({ subject }) => subject.slice(prefix).split('.')[0] ?? ''))].sort()
  }

  /**
   * The later of two replicas on the same share wins, whatever it says: a position that is too old
   * costs work, not data.
   */
  async save(projection: string, { index, count }: Partition, position: Position): Promise<void> {
    const subject = keySubject(this.#tenant, bucket, `${projection}.${index}-${count}`)
    const json = JSON.stringify(position)
    const event = create(EventSchema, { type: 'weir.position', data: { case: 'json', value: json } })
    const payload = toBinary(EventSchema, event)
    const stored = await lastMessage(this.#nc, sourceStream(this.#tenant, bucket), subject)
    const outcome = await this.#publisher.store({ subject, payload, expectedSeq: stored?.seq ?? 0 })
    if (outcome.kind === 'refused') throw outcome.error
    if (outcome.kind === 'unknown')
      throw new WeirError('unavailable', `The position was not stored: ${outcome.reason}.`)
  }

  async clear(projection: string, cleared: Partition): Promise<void> {
    for (const { partition } of await this.load(projection)) {
      if (!isCleared(partition, cleared)) continue
      const subject = keySubject(this.#tenant, bucket, `${projection}.${partition.index}-${partition.count}`)
      const payload = new Uint8Array(0)
      const outcome = await this.#publisher.store({ subject, payload, headers: 'KV-Operation: DEL\r\n' })
      if (outcome.kind !== 'stored') throw new WeirError('unavailable', 'A position could not be removed.')
    }
  }

  close(): void {
    this.#publisher.close()
  }
}

const bucket = 'positions'

const schema = v.object({
  epoch: v.number(),
  seq: v.number(),
  storedAtMs: v.number(),
  targetEpoch: v.number(),
  declaration: v.exactOptional(v.string()),
  shards: v.exactOptional(v.array(v.object({ epoch: v.number(), seq: v.number(), place: v.number() }))),
})

/** A value that is no position counts as none. */
function decode(payload: Uint8Array): Position | undefined {
  try {
    const { data } = fromBinary(EventSchema, payload)
    return data.case === 'json' ? v.parse(schema, JSON.parse(data.value)) : undefined
  } catch {
    return undefined
  }
}

function partitionOf(text: string): Partition | undefined {
  const match = /^(\d{1,2})-(\d{1,2})$/.exec(text)
  return match === null ? undefined : { index: Number(match[1]), count: Number(match[2]) }
}
