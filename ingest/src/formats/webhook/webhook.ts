import { type Event, eventFromJson, parseTimestamp, timestampFromMilliseconds, WeirError } from '@weir/proto'
import { bodyJson, bodyText } from '../../body/body-text.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { rejection, seal } from '../../encode/seal.ts'
import { isWhole, subjectToken, withIdentity } from '../../encode/subject-token.ts'
import { ingestLimits } from '../../limits.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { tooManyRecords } from '../too-many-records.ts'
import { type TemplateValues, valueAt } from './text-template.ts'
import type { WebhookRoute } from './webhook-route.ts'

/** Foreign JSON of any shape. */
export function webhookJson(route: WebhookRoute): Decoder {
  return {
    name: 'JSON of any shape',
    mediaTypes: ['application/json'],
    decode: (body, context) => recordsOf(route, bodyJson(body), context),
  }
}

/** An HTML form, as a flat object of texts. */
export function webhookForm(route: WebhookRoute): Decoder {
  return {
    name: 'A form',
    mediaTypes: ['application/x-www-form-urlencoded'],
    decode: (body, context) => recordsOf(route, Object.fromEntries(new URLSearchParams(bodyText(body))), context),
  }
}

function recordsOf(route: WebhookRoute, body: unknown, context: DecodeContext): readonly IngestRecord[] {
  if (route.each === undefined) return [recordOf(route, 0, body, context)]
  const list = valueAt(body, route.each)
  if (!Array.isArray(list)) throw new WeirError('malformed', `${route.each.join('.')}: a list is expected there.`)
  if (list.length > ingestLimits.recordsMax) throw tooManyRecords()
  return list.map((element, index) => recordOf(route, index, element, context))
}

function recordOf(route: WebhookRoute, index: number, body: unknown, context: DecodeContext): IngestRecord {
  try {
    const { headers, parameters } = context
    const values: TemplateValues = { body, headers, parameters }
    const labels: Record<string, string> = Object.create(null)
    for (const [name, value] of route.labels) labels[name] = value(values)
    const event: Event = {
      $typeName: 'weir.v1.Event',
      id: route.id?.(values) ?? '',
      type: route.type?.(values) ?? '',
      source: route.source?.(values) ?? '',
      labels,
      traceparent: '',
      data: dataOf(route, body),
    }
    if (route.time !== undefined) event.time = timeOf(route.time(values))
    return seal(index, subjectOf(route, values), event, context.defaults, true)
  } catch (thrown) {
    return rejection(index, thrown)
  }
}

/** Each value is one token; what a token cannot have is told apart by the last one. */
function subjectOf({ subject }: WebhookRoute, values: TemplateValues): string {
  const texts: string[] = []
  let isReadable = true
  const readable = subject(values, (text) => {
    const token = subjectToken(text)
    isReadable &&= token === text
    texts.push(text)
    return token
  })
  return isReadable && isWhole(readable) ? readable : withIdentity(readable, JSON.stringify(texts))
}

/** A metric that is absent is left out; the event's rules ask for one at least. */
function dataOf({ metrics, units }: WebhookRoute, body: unknown): Event['data'] {
  if (metrics.length === 0) return eventFromJson({ data: body }).data
  const numbers: Record<string, number> = Object.create(null)
  const kept: Record<string, string> = Object.create(null)
  for (const [name, path] of metrics) {
    const value = valueAt(body, path)
    if (value === undefined || value === null || value === '') continue
    const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
    if (Number.isNaN(number)) throw new WeirError('invalid', `${path.join('.')}: a number is expected there.`)
    numbers[name] = number
    const unit = units[name]
    if (unit !== undefined) kept[name] = unit
  }
  return { case: 'reading', value: { $typeName: 'weir.v1.Reading', metrics: numbers, units: kept, times: {} } }
}

/** RFC 3339, or seconds, milliseconds or finer since 1970: what is past the year 5138 in one unit is meant in the next. */
function timeOf(text: string): NonNullable<Event['time']> {
  let milliseconds = Number(text) * 1000
  while (Math.abs(milliseconds) > 1e14) milliseconds /= 1000
  const time =
    Number.isFinite(milliseconds) && text !== '' ? timestampFromMilliseconds(milliseconds) : parseTimestamp(text)
  if (time === undefined) throw new WeirError('invalid', 'The time is neither RFC 3339 nor a number since 1970.')
  return time
}
