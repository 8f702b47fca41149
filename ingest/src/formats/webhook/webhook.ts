import { dataFromJson, type Event, itemTexts, textAt, timestampFromText, WeirError } from '@weir/proto'
import { bodyText, jsonOf } from '../../body/body-text.ts'
import { exactInteger } from '../../encode/exact-integer.ts'
import type { IngestRecord } from '../../encode/record.ts'
import { rejection, seal } from '../../encode/seal.ts'
import { valuesSubject } from '../../encode/subject-token.ts'
import { ingestLimits } from '../../limits.ts'
import type { DecodeContext, Decoder } from '../decoder.ts'
import { tooManyRecords } from '../too-many-records.ts'
import { SignatureCheck } from './signature.ts'
import { type RecordBody, scalarAt, type TemplateValues, valueAt } from './text-template.ts'
import type { WebhookRoute } from './webhook-route.ts'

/** Foreign JSON of any shape. `check` throws for a body without a good signature. */
export function webhookJson(route: WebhookRoute, check: BodyCheck = () => undefined): Decoder {
  return {
    name: 'JSON of any shape',
    mediaTypes: ['application/json'],
    decode(body, context) {
      check(body, context)
      return recordsOf(route, parsedBody(bodyText(body)), context)
    },
  }
}

/** An HTML form, as a flat object of texts. */
export function webhookForm(route: WebhookRoute, check: BodyCheck = () => undefined): Decoder {
  return {
    name: 'A form',
    mediaTypes: ['application/x-www-form-urlencoded'],
    decode(body, context) {
      check(body, context)
      return recordsOf(route, formBody(bodyText(body)), context)
    },
  }
}

/** Throws `unauthenticated`. */
export type BodyCheck = (body: Uint8Array, context: DecodeContext) => void

/** The check of a route's signature, which is of the body as it came, unpacked. */
export function bodyCheck({ signature }: WebhookRoute): BodyCheck {
  if (signature === undefined) return () => undefined
  const rule = new SignatureCheck(signature)
  return (body, { headers, defaults }) => rule.check(body, headers, Number(defaults.now.seconds))
}

function parsedBody(text: string): RecordBody {
  return { value: jsonOf(text), text: text.trim() }
}

function formBody(text: string): RecordBody {
  const value = Object.fromEntries(new URLSearchParams(text))
  return { value, text: JSON.stringify(value) }
}

function recordsOf(route: WebhookRoute, body: RecordBody, context: DecodeContext): readonly IngestRecord[] {
  if (route.each === undefined) return [recordOf(route, 0, body, context)]
  const list = valueAt(body.value, route.each)
  if (!Array.isArray(list)) throw new WeirError('malformed', `${route.each.join('.')}: a list is expected there.`)
  if (list.length > ingestLimits.recordsMax) throw tooManyRecords()
  const texts = itemTexts(textAt(body.text, route.each) ?? '')
  return list.map((value, index) => recordOf(route, index, { value, text: texts[index] ?? '' }, context))
}

function recordOf(route: WebhookRoute, index: number, body: RecordBody, context: DecodeContext): IngestRecord {
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
    return seal(
      index,
      valuesSubject((encode) => route.subject(values, encode)),
      event,
      context.defaults,
      true,
    )
  } catch (thrown) {
    return rejection(index, thrown)
  }
}

/** A metric that is absent is left out; the event's rules ask for one at least. */
function dataOf({ metrics, units }: WebhookRoute, body: RecordBody): Event['data'] {
  if (metrics.length === 0) return dataFromJson(body.value, body.text)
  const numbers: Record<string, number> = Object.create(null)
  const kept: Record<string, string> = Object.create(null)
  const integers: Record<string, bigint> = Object.create(null)
  for (const [name, path] of metrics) {
    const value = valueAt(body.value, path)
    if (value === undefined || value === null || value === '') continue
    const text = typeof value === 'string' || typeof value === 'number' ? (scalarAt(body, path) ?? '') : ''
    const number = text === '' ? Number.NaN : Number(text)
    if (Number.isNaN(number)) throw new WeirError('invalid', `${path.join('.')}: a number is expected there.`)
    numbers[name] = number
    const integer = exactInteger(text)
    if (integer !== undefined) integers[name] = integer
    const unit = units[name]
    if (unit !== undefined) kept[name] = unit
  }
  return {
    case: 'reading',
    value: { $typeName: 'weir.v1.Reading', metrics: numbers, units: kept, times: {}, integers },
  }
}

/** RFC 3339, or a number since 1970 as everywhere. */
function timeOf(text: string): NonNullable<Event['time']> {
  const time = timestampFromText(text)
  if (time === undefined) {
    const shown = JSON.stringify(text.slice(0, 64))
    throw new WeirError('invalid', `The time ${shown} is neither RFC 3339 nor a number since 1970.`)
  }
  return time
}
