import { Alert_Severity, Alert_Status, type Event, Step_Status } from '@weir/proto'
import { limits } from '../limits.ts'
import { exactInteger, number } from '../words/numbers.ts'
import { quantity } from '../words/quantity.ts'
import { ExactNumber, type JsonValue, parseExact } from './exact-json.ts'

/**
 * One value of an event under its name: `celsius`, `door.open`, `metrics` of a reading by their own
 * names.
 */
export interface Field {
  readonly name: string
  readonly value: FieldValue
  /** UCUM; empty when the event names none. */
  readonly unit: string
}

export type FieldValue = string | number | boolean | null | ExactNumber

/**
 * All values of an event, in its own order, at most `limits.fieldsMax`. What cannot be read has
 * none.
 */
export function fieldsOf({ data }: Event): readonly Field[] {
  switch (data.case) {
    case 'reading': {
      const { metrics, units } = data.value
      return Object.entries(metrics).map(([name, value]) => ({ name, value, unit: units[name] ?? '' }))
    }
    case 'stateChange': {
      const { entity, from, to, category, name } = data.value
      return texts({ to, from, entity, name, category })
    }
    case 'alert': {
      const { rule, severity, status, message, key, by } = data.value
      return texts({
        status: Alert_Status[status] ?? '',
        severity: Alert_Severity[severity] ?? '',
        rule,
        key,
        message,
        by,
      })
    }
    case 'step': {
      const { pipeline, name, status, message } = data.value
      return texts({ status: Step_Status[status] ?? '', name, pipeline, message })
    }
    case 'json':
      return jsonFields(data.value)
    case 'binary':
      return [
        { name: 'contentType', value: data.value.contentType || 'application/octet-stream', unit: '' },
        { name: 'bytes', value: data.value.data.length, unit: 'By' },
      ]
    case 'any':
      return [{ name: 'typeUrl', value: data.value.typeUrl, unit: '' }]
    case undefined:
      return []
  }
}

/** The number of a value, for charts and colours; undefined when it is none. */
export function numberOf(value: FieldValue | undefined): number | undefined {
  if (typeof value === 'number') return value
  if (value instanceof ExactNumber) return value.value
  return typeof value === 'boolean' ? Number(value) : undefined
}

/** A value as a cell shows it: numbers with their unit, whole ones digit for digit. */
export function valueText({ value, unit }: Pick<Field, 'value' | 'unit'>): string {
  if (value instanceof ExactNumber) return /^-?\d+$/.test(value.text) ? exactInteger(value.text) : value.text
  if (typeof value === 'number') return unit === '' ? number(value) : quantity(value, unit)
  if (value === null) return 'null'
  if (typeof value !== 'string') return String(value)
  return oneLine(value.length > limits.cellTextMax ? `${value.slice(0, limits.cellTextMax)}…` : value)
}

/** A text in one line: what breaks a line, and what has no shape, is drawn as a sign. */
export function oneLine(text: string): string {
  return text.replace(shapeless, (sign) => {
    const code = sign.charCodeAt(0)
    if (sign === '\t') return ' '
    if (sign === '\r\n' || sign === '\n' || sign === '\r' || code === 0x85 || code > 0x2000) return '↵'
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '�'
  })
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const shapeless = /\r\n|[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** The value digit for digit, for a title and for copying. */
export function exactText({ value }: Pick<Field, 'value'>): string {
  return value instanceof ExactNumber ? value.text : String(value)
}

function texts(named: Readonly<Record<string, string>>): Field[] {
  return Object.entries(named)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ({ name, value, unit: '' }))
}

function jsonFields(text: string): Field[] {
  try {
    const found: Field[] = []
    collect('', parseExact(text), found)
    return found
  } catch {
    return [{ name: 'value', value: text, unit: '' }]
  }
}

function collect(name: string, value: JsonValue, found: Field[]): void {
  if (found.length >= limits.fieldsMax) return
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) {
    found.push({ name: name === '' ? 'value' : name, value, unit: '' })
  } else if (Array.isArray(value)) {
    found.push({ name: name === '' ? 'value' : name, value: arrayText(value), unit: '' })
  } else {
    for (const [key, each] of Object.entries(value)) collect(name === '' ? key : `${name}.${key}`, each, found)
  }
}

function arrayText(list: readonly JsonValue[]): string {
  const shown = list.slice(0, 8).map((each) => (each instanceof ExactNumber ? each.text : JSON.stringify(each)))
  return `[${shown.join(', ')}${list.length > 8 ? ', …' : ''}]`
}
