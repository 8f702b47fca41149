import { formatTimestamp } from '@weir/proto'
import type { StoredEvent } from '../db/history-query.ts'
import { dataText, historyItemText } from './event-text.ts'

/** How items are written, one a line. */
export interface ExportFormat {
  readonly contentType: string
  readonly head: string
  line(item: StoredEvent): string
}

export const exportFormats: Readonly<Record<'ndjson' | 'csv', ExportFormat>> = {
  ndjson: {
    contentType: 'application/x-ndjson',
    head: '',
    line: (item) => `${historyItemText(item)}\n`,
  },
  /** RFC 4180. The data stands as JSON in the last column. */
  csv: {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: 'time,subject,seq,id,type,source,labels,kind,data\r\n',
    line({ subject, seq, event }) {
      const { id, type, source, labels } = event
      const time = (event.time === undefined ? undefined : formatTimestamp(event.time)) ?? ''
      const [kind, data] = dataText(event) ?? ['', '']
      const labelText = Object.keys(labels).length === 0 ? '' : JSON.stringify(labels)
      return `${[time, subject, String(seq), id, type, source, labelText, kind, data].map(cell).join(',')}\r\n`
    },
  },
}

/**
 * A stream of all pages, each asked for when the reader has taken the one before: neither the
 * export nor a slow reader of it is held in memory. An error in the middle breaks the stream off,
 * so a part is never taken for the whole.
 */
export function exportStream(
  format: ExportFormat,
  pages: AsyncIterator<readonly StoredEvent[]>,
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

/**
 * A text that a spreadsheet would run as a formula is given an apostrophe, as OWASP advises for
 * CSV; also behind spaces, which spreadsheets drop, and in full width, which some take for the
 * same. A number is no formula, whatever its sign.
 */
function cell(text: string): string {
  const isFormula = /^[\s\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(text) && !/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)
  const safe = isFormula ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
