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

/** A program that reads this subject as it changes. */
export function typescriptText(subject: string): string {
  return `import { connect, latestStore } from '@weir/client'

const weir = connect({ url: '${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.hostname}', getToken: () => token })
const store = latestStore(weir.subscribe({ filter: ${JSON.stringify(subject)}, mode: 'LATEST' }))
store.subscribe((entries) => console.log(entries.get(${JSON.stringify(subject)})?.event))
`
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
