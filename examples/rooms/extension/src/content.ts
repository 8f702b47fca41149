import { adapterOf, readCounters } from './counters.ts'

// Runs in the page of a room: reads its counters every five seconds and gives them to the
// background worker, which knows the room and the way to the mesh.

const READ_MS = 5_000
const adapter = adapterOf(location.pathname)

if (adapter !== undefined) {
  const read = (): void => {
    // An extension that was updated or removed leaves this script behind in pages that are open.
    if (chrome.runtime?.id === undefined) {
      clearInterval(timer)
      return
    }
    const counters = readCounters(adapter, document)
    // The worker may be about to start; the next reading finds it.
    if (counters !== undefined) chrome.runtime.sendMessage({ counters }).catch(() => undefined)
  }
  const timer = setInterval(read, READ_MS)
  read()
}
