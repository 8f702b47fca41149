// A slow dashboard: ten thousand values of one sensor come while it draws one. It is neither queued
// for nor cut off: it gets the newest value as soon as it comes back for more.
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, producer } from '@weir/client'

const { WEIR_HUB_URL = 'ws://127.0.0.1:8080', WEIR_INGEST_URL = 'http://127.0.0.1:8081', WEIR_TOKEN = '' } = process.env
const subject = 'snippets.conflation.speed'
const count = 10_000
// Larger than what an earlier run has left.
const first = Date.now()
const last = first + count - 1

const weir = connect({ url: WEIR_HUB_URL, token: WEIR_TOKEN })
const subscription = weir.subscribe({ filter: subject, mode: 'LATEST' })
let drawn = 0
let published: Promise<void> | undefined
for await (const item of subscription) {
  if (item.type === 'state' && item.state === 'live') published ??= publish()
  if (item.type !== 'entry' || Number(item.data) < first) continue
  drawn++
  await sleep(100)
  if (item.data === last) break
}
await published
console.log(`${count} were sent, ${drawn} were drawn, the last of them is the newest`)
weir.close()

async function publish(): Promise<void> {
  const sender = producer({ url: WEIR_INGEST_URL, token: WEIR_TOKEN })
  for (let value = first; value <= last; value++)
    await sender.send(subject, { data: { case: 'json', value: `${value}` } })
  await sender.close()
}
