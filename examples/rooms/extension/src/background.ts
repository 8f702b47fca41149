import type { Counters } from './counters.ts'
import { isSet, keep, readKept } from './kept.ts'
import { Outbox } from './outbox.ts'
import { telemetryOf } from './telemetry.ts'

// The worker: Chromium ends it when nothing comes for half a minute and starts it for the next
// message or alarm, so all it knows is in the extension's storage.

const FLUSH = 'flush'
const outbox = new Outbox({ read: readKept, keep, fetch: (...request) => fetch(...request), now: () => Date.now() })

chrome.runtime.onMessage.addListener((message: { readonly counters?: Counters; readonly flush?: true }) => {
  if (message.counters !== undefined) void report(message.counters)
  if (message.flush === true) void outbox.flush()
})

// What waits is tried again when no page is open any more, too.
chrome.alarms.onAlarm.addListener(() => void outbox.flush())
addEventListener('online', () => void outbox.flush())
void keepAlarm()

/** A browser that starts anew may have forgotten the alarm. */
async function keepAlarm(): Promise<void> {
  if ((await chrome.alarms.get(FLUSH)) === undefined) await chrome.alarms.create(FLUSH, { periodInMinutes: 0.5 })
}

async function report(counters: Counters): Promise<void> {
  const kept = await readKept()
  if (isSet(kept)) await outbox.add(telemetryOf(kept.room, counters, new Date()))
}
