import { bodyText } from '../body-text.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { ingestLimits } from '../limits.ts'
import type { IngestRecord } from '../record.ts'
import { sealItem, tooManyRecords } from './json.ts'

/** An item a line. Blank lines are skipped and take no index. */
export const ndjsonDecoder: Decoder = {
  name: 'NDJSON: one item a line',
  mediaTypes: ['application/x-ndjson', 'application/ndjson', 'application/jsonl'],
  decode: decodeNdjson,
}

function decodeNdjson(body: Uint8Array, context: DecodeContext): readonly IngestRecord[] {
  const text = bodyText(body)
  const records: IngestRecord[] = []
  let start = 0
  while (start < text.length) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const line = text.slice(start, end)
    start = end + 1
    if (line === '' || line.trim() === '') continue
    const index = records.length
    if (index === ingestLimits.recordsMax) throw tooManyRecords()
    records.push(sealLine(index, line, context))
  }
  return records
}

function sealLine(index: number, line: string, context: DecodeContext): IngestRecord {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { index, code: 'malformed', message: 'The line is not JSON (RFC 8259).' }
  }
  return sealItem(index, value, context.defaults)
}
