import { base64Encode } from '@bufbuild/protobuf/wire'
import { type Event, formatTimestamp } from '@weir/proto'
import { parseContentType } from '../../body/content-type.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { rejection } from '../../encode/seal.ts'
import {
  type CloudEvent,
  type CloudEvent_CloudEventAttributeValue,
  CloudEventBatchSchema,
  CloudEventSchema,
} from '../../gen/io/cloudevents/v1/cloudevents_pb.js'
import { ingestLimits } from '../../limits.ts'
import { dataOfBody } from '../data-of-body.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { requestFromBinary } from '../request-message.ts'
import { tooManyRecords } from '../too-many-records.ts'
import { cloudEventRecord } from './cloud-event.ts'

const eventTree = { schema: CloudEventSchema }
const batchTree = { schema: CloudEventBatchSchema, fields: { events: eventTree } }

/** Structured mode in the Protobuf format (CloudEvents 1.0, Protobuf Event Format). */
export const cloudEventProtobuf: Decoder = {
  name: 'CloudEvents 1.0, structured mode in Protobuf',
  mediaTypes: ['application/cloudevents+protobuf'],
  decode: (body, context) => [recordOf(0, requestFromBinary(eventTree, body).message, context)],
}

export const cloudEventProtobufBatch: Decoder = {
  name: 'CloudEvents 1.0, batch mode in Protobuf',
  mediaTypes: ['application/cloudevents-batch+protobuf'],
  decode: decodeBatch,
}

function decodeBatch(body: Uint8Array, context: DecodeContext): readonly IngestRecord[] {
  const { message, faults } = requestFromBinary(batchTree, body)
  const { events } = message
  if (events.length > ingestLimits.recordsMax) throw tooManyRecords()
  return events.map((event, index) => {
    const fault = faults.get(index)
    return fault === undefined ? recordOf(index, event, context) : { index, code: 'malformed', message: fault }
  })
}

function recordOf(index: number, event: CloudEvent, context: DecodeContext): IngestRecord {
  try {
    const attributes = new Map<string, string>()
    for (const name of Object.keys(event.attributes)) attributes.set(name, attributeText(event.attributes[name]))
    const contentType = attributes.get('datacontenttype') ?? ''
    attributes.set('id', event.id)
    attributes.set('source', event.source)
    attributes.set('specversion', event.specVersion)
    attributes.set('type', event.type)
    return cloudEventRecord(index, attributes, dataOf(event, contentType), context)
  } catch (thrown) {
    return rejection(index, thrown)
  }
}

function dataOf({ data }: CloudEvent, contentType: string): Event['data'] {
  const { mediaType } = parseContentType(contentType)
  switch (data.case) {
    case 'binaryData':
      return dataOfBody(data.value, mediaType, contentType)
    case 'textData':
      return dataOfBody(new TextEncoder().encode(data.value), mediaType, contentType)
    case 'protoData':
      return { case: 'any', value: data.value }
    case undefined:
      return { case: undefined }
  }
}

function attributeText(value: CloudEvent_CloudEventAttributeValue | undefined): string {
  if (value === undefined) return ''
  const { attr } = value
  switch (attr.case) {
    case 'ceBytes':
      return base64Encode(attr.value)
    case 'ceTimestamp':
      return formatTimestamp(attr.value) ?? ''
    case undefined:
      return ''
    default:
      return String(attr.value)
  }
}
