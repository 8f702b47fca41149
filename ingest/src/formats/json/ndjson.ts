import { jsonFault, TextSource } from '@weir/proto'
import { utf8 } from '../../body/body-text.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { ingestLimits } from '../../limits.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { tooManyRecords } from '../too-many-records.ts'
import { sealItem } from './json.ts'

/**
 * An item a line. Blank lines are skipped and take no index; a line that is not UTF-8 is rejected
 * alone.
 */
export const ndjsonDecoder: Decoder = {
  name: 'NDJSON: one item a line',
  mediaTypes: ['application/x-ndjson', 'application/ndjson', 'application/jsonl'],
  decode: decodeNdjson,
}

function decodeNdjson(body: Uint8Array, context: DecodeContext): readonly IngestRecord[] {
  const records: IngestRecord[] = []
  const text = utf8(body)
  if (text === undefined) sealEachLine(body, records, context)
  else sealLines(text, records, context)
  return records
}

function sealLines(text: string, records: IngestRecord[], context: DecodeContext): void {
  let start = 0
  while (start < text.length) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const line = text.slice(start, end)
    start = end + 1
    if (line === '' || line.trim() === '') continue
    records.push(sealLine(nextIndex(records), line, context))
  }
}

/** Of a body that is not UTF-8 as a whole. */
function sealEachLine(body: Uint8Array, records: IngestRecord[], context: DecodeContext): void {
  let start = 0
  while (start < body.length) {
    const newline = body.indexOf(NEWLINE, start)
    const end = newline < 0 ? body.length : newline
    const line = utf8(body.subarray(start, end))
    start = end + 1
    if (line !== undefined) sealLines(line, records, context)
    else records.push({ index: nextIndex(records), code: 'malformed', message: 'The line is not UTF-8.' })
  }
}

const NEWLINE = 0x0a

function nextIndex({ length }: readonly IngestRecord[]): number {
  if (length === ingestLimits.recordsMax) throw tooManyRecords()
  return length
}

function sealLine(index: number, line: string, context: DecodeContext): IngestRecord {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { index, code: 'malformed', message: `The line is not JSON (RFC 8259): ${jsonFault(line)}.` }
  }
  return sealItem(index, value, new TextSource(line), context.defaults)
}
