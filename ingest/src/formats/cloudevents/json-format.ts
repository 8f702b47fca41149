import { base64Decode } from '@bufbuild/protobuf/wire'
import { dataFromJson, type Event, ItemSource, type JsonSource, memberTexts, TextSource, WeirError } from '@weir/proto'
import { bodyText, jsonOf } from '../../body/body-text.ts'
import { isJson, parseContentType } from '../../body/content-type.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { rejection } from '../../encode/seal.ts'
import { checkWellFormed } from '../../encode/well-formed.ts'
import { ingestLimits } from '../../limits.ts'
import { dataOfBody } from '../data-of-body.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { tooManyRecords } from '../too-many-records.ts'
import { cloudEventRecord } from './cloud-event.ts'

/** Structured mode in the JSON format (CloudEvents 1.0, JSON Event Format section 3). */
export const cloudEventJson: Decoder = {
  name: 'CloudEvents 1.0, structured mode in JSON',
  mediaTypes: ['application/cloudevents+json'],
  decode: decodeOne,
}

/** Batch mode in the JSON format (section 4). */
export const cloudEventJsonBatch: Decoder = {
  name: 'CloudEvents 1.0, batch mode in JSON',
  mediaTypes: ['application/cloudevents-batch+json'],
  decode: decodeBatch,
}

function decodeOne(body: Uint8Array, context: DecodeContext): readonly IngestRecord[] {
  const text = bodyText(body)
  return [recordOf(0, jsonOf(text), new TextSource(text), context)]
}

function decodeBatch(body: Uint8Array, context: DecodeContext): readonly IngestRecord[] {
  const text = bodyText(body)
  const batch = jsonOf(text)
  if (!Array.isArray(batch)) throw new WeirError('malformed', 'A batch of CloudEvents is a JSON array.')
  if (batch.length > ingestLimits.recordsMax) throw tooManyRecords()
  const source = new ItemSource(text)
  return batch.map((value, index) => {
    source.index = index
    return recordOf(index, value, source, context)
  })
}

/** `source` is what the value was parsed from. */
function recordOf(index: number, value: unknown, source: JsonSource, context: DecodeContext): IngestRecord {
  try {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new WeirError('malformed', 'A CloudEvent is a JSON object.')
    }
    const event = value as { readonly [name: string]: unknown }
    return cloudEventRecord(index, attributesOf(event, source), dataOf(event, source), context)
  } catch (thrown) {
    return rejection(index, thrown)
  }
}

/** An attribute that is null counts as absent (section 2.2). */
function attributesOf(event: { readonly [name: string]: unknown }, source: JsonSource): Map<string, string> {
  const attributes = new Map<string, string>()
  let texts: ReadonlyMap<string, string> | undefined
  for (const name of Object.keys(event)) {
    const value = event[name]
    if (name === 'data' || name === 'data_base64' || value === null) continue
    checkWellFormed(name)
    if (typeof value === 'string') {
      checkWellFormed(value)
      attributes.set(name, value)
    } else if (typeof value === 'boolean' || Number.isSafeInteger(value)) {
      attributes.set(name, String(value))
    } else if (Number.isInteger(value)) {
      texts ??= memberTexts(source.text())
      attributes.set(name, texts.get(name) ?? String(value))
    } else {
      throw new WeirError('malformed', `${name.slice(0, 64)}: an attribute is text, an integer or a boolean.`)
    }
  }
  return attributes
}

function dataOf(event: { readonly [name: string]: unknown }, source: JsonSource): Event['data'] {
  const declared = typeof event.datacontenttype === 'string' ? event.datacontenttype : undefined
  const packed = event.data_base64
  if (typeof packed === 'string') {
    const contentType = declared ?? 'application/octet-stream'
    return dataOfBody(bytesOf(packed), parseContentType(contentType).mediaType, contentType)
  }
  if (packed !== undefined && packed !== null) throw new WeirError('malformed', 'data_base64: text is expected.')
  const { data } = event
  if (data === undefined) return { case: undefined }
  // Text of another media type is that text; every other value is the JSON that it is written in
  // (section 3.1.1).
  const contentType = declared ?? 'application/json'
  const { mediaType } = parseContentType(contentType)
  if (typeof data === 'string' && !isJson(mediaType)) {
    checkWellFormed(data)
    return dataOfBody(new TextEncoder().encode(data), mediaType, contentType)
  }
  return dataFromJson(data, source.member('data') ?? '')
}

function bytesOf(base64: string): Uint8Array {
  try {
    return base64Decode(base64)
  } catch (cause) {
    throw new WeirError('malformed', 'data_base64: is not base64 (RFC 4648).', { cause })
  }
}
