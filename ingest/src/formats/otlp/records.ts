import { WeirError } from '@weir/proto'
import type { IngestRecord } from '../../encode/record.ts'
import { rejection } from '../../encode/seal.ts'
import { ingestLimits } from '../../limits.ts'
import type { RecordFaults } from '../message-tree.ts'
import { tooManyRecords } from '../too-many-records.ts'

/**
 * Adds a record for each item of one source: the fault of the item or of the source, or else what
 * `recordOf` makes of it, where what that throws is a fault of the item. Throws `too_large` for too
 * many records.
 */
export function pushRecords<S, T>(
  records: IngestRecord[],
  source: S | WeirError,
  items: readonly T[],
  faults: RecordFaults,
  recordOf: (index: number, source: S, item: T) => IngestRecord,
): void {
  if (records.length + items.length > ingestLimits.recordsMax) throw tooManyRecords()
  for (const item of items) {
    const index = records.length
    const fault = faults.get(index)
    if (fault !== undefined) records.push({ index, code: 'malformed', message: fault })
    else if (source instanceof WeirError) records.push(rejection(index, source))
    else records.push(recordOrRejection(index, source, item, recordOf))
  }
}

function recordOrRejection<S, T>(
  index: number,
  source: S,
  item: T,
  recordOf: (index: number, source: S, item: T) => IngestRecord,
): IngestRecord {
  try {
    return recordOf(index, source, item)
  } catch (thrown) {
    return rejection(index, thrown)
  }
}
