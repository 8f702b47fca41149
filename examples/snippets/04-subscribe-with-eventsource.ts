// EventSource, as every browser has it. It cannot send a header, so a ticket stands for the token,
// once. Node has it with --experimental-eventsource.
import process from 'node:process'

const { WEIR_HUB_URL = 'http://127.0.0.1:8080', WEIR_TOKEN = '' } = process.env
const hub = WEIR_HUB_URL.replace(/^ws/, 'http')

const answer = await fetch(`${hub}/v1/tickets`, { method: 'POST', headers: { authorization: `Bearer ${WEIR_TOKEN}` } })
if (!answer.ok) throw new Error(await answer.text())
const { ticket } = (await answer.json()) as { ticket: string }

const query = new URLSearchParams({ filter: 'snippets.>', mode: 'LATEST', ticket })
const stream = new EventSource(`${hub}/v1/sse?${query}`)
const show = ({ data, lastEventId }: MessageEvent<string>): void => {
  const { subject, event } = JSON.parse(data) as { subject: string; event: unknown }
  console.log(subject, JSON.stringify(event), `cursor ${lastEventId}`)
  stream.close()
}
stream.addEventListener('message', show, { once: true })
