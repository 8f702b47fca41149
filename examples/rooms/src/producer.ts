import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from '../../backend/src/seeded.ts'
import type { Telemetry } from '../extension/src/telemetry.ts'
import { Room } from './room.ts'

// Stands for the extensions of a thousand streamers. What they would send in a tenth of a second
// goes in one request, which spares this machine the requests, not the mesh the events.

const { WEIR_INGEST_URL = '', WEIR_TOKEN = '', DEMO_SEED = '1', DEMO_RATE = '2000' } = process.env
const stepMs = 100
const perStep = (Number(DEMO_RATE) * stepMs) / 1000
/** A room reports at least as often as the extension does: a small rate is one of fewer rooms. */
const reportMs = 5_000
const roomsMax = 1_000
/** Of one request; a rate that asks for more than requests can bring is not reached. */
const requestReportsMax = 2_000

const count = Math.max(1, Math.min(roomsMax, Math.floor((Number(DEMO_RATE) * reportMs) / 1000)))
const everySeconds = count / Number(DEMO_RATE)
const rooms = Array.from({ length: count }, (_, number) => {
  // Chance of its own: what one room does follows from the seed, however late another reports.
  return new Room(number, everySeconds, seeded(`${DEMO_SEED}/${number}`))
})
console.log(`Sending ${DEMO_RATE} reports a second of ${rooms.length} rooms to ${WEIR_INGEST_URL}.`)

let turn = 0
let owed = 0
for (let due = performance.now(); ; due += stepMs) {
  owed += perStep
  while (owed >= 1) {
    const reports = Math.min(requestReportsMax, Math.floor(owed))
    await sendNext(reports)
    owed -= reports
    // What is late is not made up for: a real room would report its present too.
    if (performance.now() > due + stepMs) owed %= 1
  }
  due = Math.max(due, performance.now() - stepMs)
  await sleep(Math.max(0, due + stepMs - performance.now()))
}

/** The reports of the rooms whose turn it is; those of rooms that are silent are left out. */
async function sendNext(reports: number): Promise<void> {
  const updates: Telemetry[] = []
  for (let report = 0; report < reports; report++) {
    const update = rooms[turn++ % rooms.length]?.next(Date.now())
    if (update !== undefined) updates.push(update)
  }
  if (updates.length > 0) await send(updates)
}

/** Counters go on while ingest is away: the next report has the newest, as with the extension. */
async function send(updates: readonly Telemetry[]): Promise<void> {
  try {
    const response = await fetch(`${WEIR_INGEST_URL}/api/tracking/telemetry/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${WEIR_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ updates }),
    })
    if (!response.ok) console.error(`${response.status}: ${(await response.text()).slice(0, 300)}`)
    else await response.arrayBuffer()
  } catch (fault) {
    console.error(String(fault))
    await sleep(1_000)
  }
}
