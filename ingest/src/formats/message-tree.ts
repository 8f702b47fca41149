import type { DescMessage } from '@bufbuild/protobuf'

/**
 * A message and those messages in it that can have faults of their own, down to the records, by the
 * JSON names of their fields.
 */
export interface MessageTree {
  readonly schema: DescMessage
  /** Absent of a record. */
  readonly fields?: Readonly<Record<string, MessageTree>>
}

/** What is wrong with records, by the place of each among all of them. */
export type RecordFaults = ReadonlyMap<number, string>
