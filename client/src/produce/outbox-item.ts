import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { checkSubject, EventSchema, limits, timestampFromMilliseconds, WeirError } from '@weir/proto'
import { v7 } from 'uuid'

/**
 * What a producer gives of an event: any part of it. Without an id it gets a UUIDv7, without a time
 * the present.
 */
export type EventInit = MessageInitShape<typeof EventSchema>

/** An event on its way to ingest. Its id never changes, so that sending it twice stores it once. */
export interface OutboxItem {
  readonly subject: string
  readonly id: string
  /** The encoded EventBatch.Item. */
  readonly bytes: Uint8Array
}

/** Throws `malformed` for the subject, `invalid` for what is no event, `too_large`. */
export function outboxItem(subject: string, init: EventInit, nowMs: number): OutboxItem {
  checkSubject(subject)
  const given = create(EventSchema, init)
  const id = given.id || v7()
  const event = encodeEvent({ ...given, id, time: given.time ?? timestampFromMilliseconds(nowMs) })
  if (event.length > limits.eventBytesMax) {
    throw new WeirError(
      'too_large',
      `The event has ${event.length} bytes; at most ${limits.eventBytesMax} are allowed.`,
    )
  }
  const writer = new BinaryWriter()
  writer.tag(1, WireType.LengthDelimited).string(subject)
  writer.tag(2, WireType.LengthDelimited).bytes(event)
  return { subject, id, bytes: writer.finish() }
}

/** The encoded weir.v1.EventBatch of these items. */
export function batchBody(items: readonly OutboxItem[]): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter()
  for (const { bytes } of items) writer.tag(1, WireType.LengthDelimited).bytes(bytes)
  return writer.finish()
}

function encodeEvent(event: Parameters<typeof toBinary<typeof EventSchema>>[1]): Uint8Array {
  try {
    return toBinary(EventSchema, event)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new WeirError('invalid', `The event cannot be encoded: ${reason}.`, { cause })
  }
}
