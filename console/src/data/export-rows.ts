import { type Event, eventToJsonText } from '@weir/proto'
import { exactText, fieldsOf } from './fields.ts'

export interface ExportRow {
  readonly subject: string
  readonly seq: number
  readonly event: Event
}

/** One JSON object a line: subject, seq, event. */
export function toNdjson(rows: readonly ExportRow[]): string {
  return rows.map(({ subject, seq, event }) => `${eventLine(subject, seq, event)}\n`).join('')
}

/** The columns that are shown, with a header; RFC 4180. */
export function toCsv(rows: readonly ExportRow[], columns: readonly string[]): string {
  const lines = [['time', 'subject', 'seq', ...columns]]
  for (const { subject, seq, event } of rows) {
    const fields = new Map(fieldsOf(event).map((field) => [field.name, field]))
    const time =
      event.time === undefined ? '' : new Date(Number(event.time.seconds) * 1000 + event.time.nanos / 1e6).toISOString()
    lines.push([time, subject, String(seq), ...columns.map((name) => cellOf(fields.get(name)))])
  }
  return lines.map((line) => `${line.map(quoted).join(',')}\r\n`).join('')
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

function cellOf(field: Parameters<typeof exactText>[0] | undefined): string {
  if (field === undefined) return ''
  const text = exactText(field)
  // A number stays a number; a text that a spreadsheet would run as a formula is given an
  // apostrophe, as OWASP advises.
  return typeof field.value === 'string' && /^\s*[=+\-@＝＋－＠\t\r]/u.test(text) ? `'${text}` : text
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
