import type { EventJson } from '@weir/proto'
import type { HistoryItem } from '../db/history-query.ts'

/** How items are written, one a line. */
export interface ExportFormat {
  readonly contentType: string
  readonly head: string
  line(item: HistoryItem): string
}

export const exportFormats: Readonly<Record<'ndjson' | 'csv', ExportFormat>> = {
  ndjson: {
    contentType: 'application/x-ndjson',
    head: '',
    line: (item) => `${JSON.stringify(item)}\n`,
  },
  /** RFC 4180. The data stands as JSON in the last column. */
  csv: {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: 'time,subject,seq,id,type,source,labels,kind,data\r\n',
    line({ subject, seq, event }) {
      const { time = '', id = '', type = '', source = '', labels } = event
      const [kind = '', data] = dataOf(event)
      const cells = [time, subject, String(seq), id, type, source, json(labels), kind, json(data)]
      return `${cells.map(cell).join(',')}\r\n`
    },
  },
}

/**
 * A stream of all pages, each asked for when the reader has taken the one before: neither the export nor a slow reader of it is
 * held in memory. An error in the middle breaks the stream off, so a part is never taken for the whole.
 */
export function exportStream(
  format: ExportFormat,
  pages: AsyncIterator<readonly HistoryItem[]>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      start(controller) {
        if (format.head !== '') controller.enqueue(encoder.encode(format.head))
      },
      async pull(controller) {
        const next = await pages.next()
        if (next.done) controller.close()
        else controller.enqueue(encoder.encode(next.value.map((item) => format.line(item)).join('')))
      },
      async cancel() {
        await pages.return?.()
      },
    },
    { highWaterMark: 1 },
  )
}

const kinds = ['reading', 'stateChange', 'alert', 'step', 'data', 'binary', 'any'] as const

function dataOf(event: EventJson): [string, unknown] | [] {
  for (const kind of kinds) if (event[kind] !== undefined) return [kind, event[kind]]
  return []
}

function json(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value)
}

/** A text that a spreadsheet would run as a formula is given an apostrophe, as OWASP advises for CSV. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
