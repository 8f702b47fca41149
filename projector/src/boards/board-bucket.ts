import { create, toBinary } from '@bufbuild/protobuf'
import { ConditionalPublisher, keySubject, type NatsConnection } from '@weir/mesh'
import { EventSchema, timestampFromMilliseconds, WeirError } from '@weir/proto'

/**
 * Boards that people save: values of the bucket `boards` under `boards.<name>`, each an event of
 * JSON. They are written straight into the bucket: a projection would keep them only as long as the
 * stream keeps its events.
 */
export class BoardBucket {
  readonly #tenant: string
  readonly #publisher: ConditionalPublisher

  constructor(nc: NatsConnection, tenant: string) {
    this.#tenant = tenant
    this.#publisher = new ConditionalPublisher(nc, { deadlineMs: 5_000 })
  }

  /**
   * Its new revision. Throws `conflict` when somebody saved it meanwhile, `not_found` without a
   * bucket, `unavailable`.
   *
   * @param after the revision that this one continues; 0 for a new board
   */
  async put(name: string, json: string, by: string, after: number): Promise<number> {
    const time = timestampFromMilliseconds(Date.now())
    const event = create(EventSchema, {
      type: 'weir.board',
      source: `board/${by}`,
      ...(time === undefined ? {} : { time }),
      data: { case: 'json', value: json },
    })
    return await this.#store(name, toBinary(EventSchema, event), after, '')
  }

  async remove(name: string, after: number): Promise<void> {
    await this.#store(name, new Uint8Array(0), after, 'KV-Operation: DEL\r\n')
  }

  close(): void {
    this.#publisher.close()
  }

  async #store(name: string, payload: Uint8Array, after: number, headers: string): Promise<number> {
    const outcome = await this.#publisher.store({
      subject: keySubject(this.#tenant, boardsBucket, boardKey(name)),
      payload,
      expectedSeq: after,
      headers,
    })
    switch (outcome.kind) {
      case 'stored':
        return outcome.seq
      case 'conflict':
        throw new WeirError('conflict', 'Somebody saved this board meanwhile: load it again, then save.')
      case 'refused':
        throw outcome.error
      case 'unknown':
        throw new WeirError('unavailable', `The board was not stored: ${outcome.reason}.`)
    }
  }
}

export const boardsBucket = 'boards'

/** The key of a board, and the subject that a grant to read or to edit it names. */
export function boardKey(name: string): string {
  return `boards.${name}`
}
