import { type Event, eventToJsonText } from '@weir/proto'
import { parseExact, prettyExact } from './exact-json.ts'

/** The event as JSON on several lines, each number as its producer wrote it. */
export function eventText(event: Event): string {
  return prettyExact(parseExact(eventToJsonText(event)))
}

/** A command that sends the same event again. */
export function curlText(subject: string, event: Event): string {
  const body = `{"subject":${JSON.stringify(subject)},${eventToJsonText(event).slice(1)}`
  return `curl "$WEIR_INGEST/v1/events" \\\n  -H "authorization: Bearer $WEIR_TOKEN" \\\n  -H "content-type: application/json" \\\n  -d ${shellQuoted(body)}\n`
}

/** What sends an event, as docs and README have it. */
export const firstCommand = './weir pub rooms.r1.climate \'{"celsius": 21.5}\''

/** A program that reads this subject as it changes. */
export function typescriptText(subject: string, hubUrl: string): string {
  return `import { connect } from '@weir/client'

const weir = connect({ url: ${JSON.stringify(hubUrl)}, getToken: () => process.env.WEIR_TOKEN ?? '' })
for await (const item of weir.subscribe({ filter: ${JSON.stringify(subject)}, mode: 'LATEST' })) {
  if (item.type === 'entry') console.log(item.subject, item.data ?? item.reading?.metrics)
}
`
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
