import { itemFromJson } from '@weir/proto'
import { bodyJson } from '../../body/body-text.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { type Defaults, rejection, seal } from '../../encode/seal.ts'
import { ingestLimits } from '../../limits.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { tooManyRecords } from '../too-many-records.ts'

/** One item, or an array of items. */
export const jsonDecoder: Decoder = {
  name: 'JSON: one item or an array of items',
  mediaTypes: ['application/json'],
  decode: decodeJson,
}

function decodeJson(body: Uint8Array, context: DecodeContext): readonly IngestRecord[] {
  const value = bodyJson(body)
  if (!Array.isArray(value)) return [sealItem(0, value, context.defaults)]
  if (value.length > ingestLimits.recordsMax) throw tooManyRecords()
  const records: IngestRecord[] = []
  for (let index = 0; index < value.length; index++) records.push(sealItem(index, value[index], context.defaults))
  return records
}

/** A parsed item as a record. */
export function sealItem(index: number, value: unknown, defaults: Defaults): IngestRecord {
  try {
    const { subject, event } = itemFromJson(value)
    return seal(index, subject, event, defaults, true)
  } catch (thrown) {
    return rejection(index, thrown)
  }
}
