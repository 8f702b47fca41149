import { type Event, parseTimestamp, WeirError } from '@weir/proto'
import { v5 } from 'uuid'
import type { IngestRecord } from '../../encode/record.ts'
import { seal } from '../../encode/seal.ts'
import { textSubject } from '../../encode/subject-token.ts'
import type { DecodeContext } from '../decoder.ts'

/** The attributes of a CloudEvent 1.0 by their names, all as text. */
export type Attributes = ReadonlyMap<string, string>

/**
 * A CloudEvent as a record. The subject is the one in the path, else the attribute `subject`, else
 * `type`, with what a subject cannot have replaced. The id is `<source>|<id>`, as CloudEvents are
 * told apart by both. What an Event has no field for becomes a label. Throws `malformed`.
 */
export function cloudEventRecord(
  index: number,
  attributes: Attributes,
  data: Event['data'],
  context: DecodeContext,
): IngestRecord {
  const version = required(attributes, 'specversion')
  if (version !== '1.0') {
    throw new WeirError('malformed', `specversion ${JSON.stringify(version.slice(0, 16))} is not known here: send 1.0.`)
  }
  const type = required(attributes, 'type')
  const source = required(attributes, 'source')
  const event: Event = {
    $typeName: 'weir.v1.Event',
    id: eventId(source, required(attributes, 'id')),
    type,
    source,
    labels: Object.create(null),
    traceparent: '',
    data,
  }
  const named = attributes.get('subject')
  const subject = context.parameters.subject ?? textSubject(named || type)
  for (const [name, value] of attributes) {
    switch (name) {
      case 'specversion':
      case 'type':
      case 'source':
      case 'id':
      case 'datacontenttype':
        break
      case 'time': {
        const time = parseTimestamp(value)
        if (time === undefined) throw new WeirError('malformed', 'time: is not written as RFC 3339 has it.')
        event.time = time
        break
      }
      case 'traceparent':
        event.traceparent = value
        break
      case 'subject':
        if (value !== subject) event.labels.subject = value
        break
      default:
        event.labels[name] = value
    }
  }
  return seal(index, subject, event, context.defaults, false)
}

function required(attributes: Attributes, name: string): string {
  const value = attributes.get(name)
  if (value !== undefined && value !== '') return value
  throw new WeirError('malformed', `The CloudEvent has no ${name}, which it must have.`)
}

/**
 * An id that is too long for an event becomes a UUIDv5 of it, so that repetitions are still seen.
 */
function eventId(source: string, id: string): string {
  const both = `${source}|${id}`
  return new TextEncoder().encode(both).length <= ID_BYTES_MAX ? both : v5(both, NAMESPACE)
}

const ID_BYTES_MAX = 128
/** A random UUID that means nothing but this use. */
const NAMESPACE = '7b4d5a52-6f0e-4c3b-9d53-1f0a8a6de4c1'
