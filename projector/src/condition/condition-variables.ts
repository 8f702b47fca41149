import { type CelInput, CelScalar, type CelType, listType, mapType, objectType } from '@bufbuild/cel'
import { TimestampSchema } from '@bufbuild/protobuf/wkt'
import { Alert_Severity, Alert_Status, eventToJson, Step_Status, timestampFromMilliseconds } from '@weir/proto'
import type { EventRecord } from '../event/event-record.ts'
import { double, dyn, type ExpressionType, string, timestamp } from './expression-type.ts'

/** What a condition may name of an event. */
export interface ConditionVariable {
  readonly type: ExpressionType
  /** The same for who evaluates. */
  readonly celType: CelType
  /** Stands in where the condition does not name it. */
  readonly nothing: CelInput
  of(record: EventRecord): CelInput
}

function choice(name: string, values: object): ExpressionType {
  const names = Object.keys(values).filter((value) => !/^\d+$/.test(value) && value !== 'UNSPECIFIED')
  return { kind: 'choice', name, values: names }
}

const step: ExpressionType = {
  kind: 'object',
  name: 'step',
  fields: {
    pipeline: string,
    name: string,
    status: choice('step.status', Step_Status),
    message: string,
    index: double,
  },
}

const change: ExpressionType = {
  kind: 'object',
  name: 'change',
  fields: { category: string, entity: string, from: string, to: string, code: double, name: string },
}

const alert: ExpressionType = {
  kind: 'object',
  name: 'alert',
  fields: {
    rule: string,
    key: string,
    severity: choice('alert.severity', Alert_Severity),
    status: choice('alert.status', Alert_Status),
    message: string,
    by: string,
  },
}

export const conditionVariables: Readonly<Record<string, ConditionVariable>> = {
  subject: { type: string, celType: CelScalar.STRING, nothing: '', of: (record) => record.subject },
  tokens: {
    type: { kind: 'list', element: string },
    celType: listType(CelScalar.STRING),
    nothing: [],
    of: (record) => record.subject.split('.'),
  },
  // Not `type`: in CEL that is the type of types.
  eventType: { type: string, celType: CelScalar.STRING, nothing: '', of: (record) => record.event.type },
  source: { type: string, celType: CelScalar.STRING, nothing: '', of: (record) => record.event.source },
  time: {
    type: timestamp,
    celType: objectType(TimestampSchema),
    nothing: null,
    of: (record) => timeValue(record.happenedAtMs),
  },
  labels: {
    type: { kind: 'map', value: string },
    celType: mapType(CelScalar.STRING, CelScalar.STRING),
    nothing: new Map(),
    of: (record) => new Map(Object.entries(record.event.labels)),
  },
  metrics: {
    type: { kind: 'map', value: double },
    celType: mapType(CelScalar.STRING, CelScalar.DOUBLE),
    nothing: new Map(),
    of: ({ event: { data } }) => (data.case === 'reading' ? new Map(Object.entries(data.value.metrics)) : new Map()),
  },
  change: {
    type: change,
    celType: CelScalar.DYN,
    nothing: null,
    of: ({ event }) => celValue(eventToJson(event).stateChange ?? {}),
  },
  step: {
    type: step,
    celType: CelScalar.DYN,
    nothing: null,
    of: ({ event }) => celValue(eventToJson(event).step ?? {}),
  },
  alert: {
    type: alert,
    celType: CelScalar.DYN,
    nothing: null,
    of: ({ event }) => celValue(eventToJson(event).alert ?? {}),
  },
  data: {
    type: dyn,
    celType: CelScalar.DYN,
    nothing: null,
    of: (record) => (record.event.data.case === 'json' ? celValue(record.json ?? null) : new Map()),
  },
}

/** A time as CEL takes it. */
export function timeValue(ms: number): CelInput {
  return timestampFromMilliseconds(ms) ?? null
}

/**
 * JSON as CEL takes it: objects as maps, so that what every JavaScript object inherits is not found
 * in them.
 */
function celValue(value: unknown): CelInput {
  if (Array.isArray(value)) return value.map(celValue)
  if (typeof value !== 'object' || value === null) return value as CelInput
  return new Map(Object.entries(value).map(([key, item]) => [key, celValue(item)]))
}
