import { adapterOf, readCounters } from './counters.ts'

// Runs in the page of a room: reads its counters every five seconds and gives them to the
// background worker, which knows the room and the way to the mesh.

const READ_MS = 5_000
const adapter = adapterOf(location.pathname)

if (adapter !== undefined) {
  const read = (): void => {
    const counters = readCounters(adapter, document)
    // The worker may be about to start; the next reading finds it.
    if (counters !== undefined) chrome.runtime.sendMessage({ counters }).catch(() => undefined)
  }
  read()
  setInterval(read, READ_MS)
}
