import { type Event, eventToJsonText } from '@weir/proto'
import { eventTimeMs } from './event-words.ts'
import { ExactNumber } from './exact-json.ts'
import { exactText, type Field, fieldsOf } from './fields.ts'

export interface ExportRow {
  readonly subject: string
  readonly seq: number
  readonly event: Event
}

export type Cell = string | number | ExactNumber

/** One JSON object a line: subject, seq, event. */
export function toNdjson(rows: readonly ExportRow[]): string {
  return rows.map(({ subject, seq, event }) => `${eventLine(subject, seq, event)}\n`).join('')
}

/** The columns that are shown, with a header. */
export function toCsv(rows: readonly ExportRow[], columns: readonly string[]): string {
  const lines = rows.map(({ subject, seq, event }) => {
    const fields = new Map(fieldsOf(event).map((field) => [field.name, field]))
    const timeMs = eventTimeMs(event)
    const time = timeMs === undefined ? '' : new Date(timeMs).toISOString()
    return [time, subject, seq, ...columns.map((name) => cellOf(fields.get(name)))]
  })
  return csvText([['time', 'subject', 'seq', ...columns], ...lines])
}

/**
 * Lines of CSV (RFC 4180). A number stays a number; a text that a spreadsheet would run as a
 * formula is given an apostrophe, as OWASP advises.
 */
export function csvText(lines: readonly (readonly Cell[])[]): string {
  const cell = (value: Cell): string => (typeof value === 'string' ? quoted(guarded(value)) : String(value))
  return lines.map((line) => `${line.map(cell).join(',')}\r\n`).join('')
}

/** Offers a text to the person as a file. */
export function offerFile(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}

function eventLine(subject: string, seq: number, event: Event): string {
  return `{"subject":${JSON.stringify(subject)},"seq":${seq},"event":${eventToJsonText(event)}}`
}

function cellOf(field: Field | undefined): Cell {
  if (field === undefined) return ''
  const { value } = field
  return typeof value === 'number' || value instanceof ExactNumber ? value : exactText(field)
}

function guarded(text: string): string {
  return /^\s*[=+\-@＝＋－＠\t\r]/u.test(text) ? `'${text}` : text
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
