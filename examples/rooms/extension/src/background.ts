import type { Counters } from './counters.ts'
import { keep, readKept } from './kept.ts'
import { Outbox } from './outbox.ts'
import { telemetryOf } from './telemetry.ts'

// The worker: Chromium ends it when nothing comes for half a minute and starts it for the next
// message or alarm, so all it knows is in the extension's storage.

const outbox = new Outbox({ read: readKept, keep, fetch: (...request) => fetch(...request), now: () => Date.now() })

chrome.runtime.onMessage.addListener((message: { readonly counters?: Counters; readonly flush?: true }) => {
  if (message.counters !== undefined) void report(message.counters)
  if (message.flush === true) void outbox.flush()
})

// What waits is tried again when no page is open any more, too.
chrome.runtime.onInstalled.addListener(() => void chrome.alarms.create('flush', { periodInMinutes: 0.5 }))
chrome.alarms.onAlarm.addListener(() => void outbox.flush())
addEventListener('online', () => void outbox.flush())

async function report(counters: Counters): Promise<void> {
  const { room, server } = await readKept()
  if (room !== '' && server !== '') await outbox.add(telemetryOf(room, counters, new Date()))
}
