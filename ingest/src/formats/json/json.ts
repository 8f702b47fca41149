import { ItemSource, itemFromJson, type JsonSource, TextSource } from '@weir/proto'
import { bodyText, jsonOf } from '../../body/body-text.ts'
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
  const text = bodyText(body)
  const value = jsonOf(text)
  if (!Array.isArray(value)) return [sealItem(0, value, new TextSource(text), context.defaults)]
  if (value.length > ingestLimits.recordsMax) throw tooManyRecords()
  const source = new ItemSource(text)
  const records: IngestRecord[] = []
  for (let index = 0; index < value.length; index++) {
    source.index = index
    records.push(sealItem(index, value[index], source, context.defaults))
  }
  return records
}

/** A parsed item as a record. */
export function sealItem(index: number, value: unknown, source: JsonSource, defaults: Defaults): IngestRecord {
  try {
    const { subject, event } = itemFromJson(value, source)
    return seal(index, subject, event, defaults, true)
  } catch (thrown) {
    return rejection(index, thrown)
  }
}
