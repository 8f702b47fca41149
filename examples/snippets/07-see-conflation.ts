// A slow dashboard: ten thousand values of one sensor come while it draws one. It is neither queued
// for nor cut off: it gets the newest value as soon as it comes back for more.
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, producer } from '@weir/client'

const { WEIR_HUB_URL = 'ws://127.0.0.1:8080', WEIR_INGEST_URL = 'http://127.0.0.1:8081', WEIR_TOKEN = '' } = process.env
const getToken = (): string => WEIR_TOKEN
const subject = 'snippets.conflation.speed'
const last = 10_000

const weir = connect({ url: WEIR_HUB_URL, getToken })
const subscription = weir.subscribe({ filter: subject, mode: 'LATEST' })
let drawn = 0
for await (const item of subscription) {
  if (item.type === 'state' && item.state === 'live' && drawn === 0) void publish()
  if (item.type !== 'entry') continue
  drawn++
  await sleep(100)
  if (item.data === last) break
}
console.log(`${last} were sent, ${drawn} were drawn, the last of them is the newest`)
weir.close()

async function publish(): Promise<void> {
  const sender = producer({ url: WEIR_INGEST_URL, getToken })
  for (let value = 1; value <= last; value++) await sender.send(subject, { data: { case: 'json', value: `${value}` } })
  await sender.close()
}
