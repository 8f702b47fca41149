// A Centrifuge SDK, as it is: the one for JavaScript here; those for Dart, Swift, Java, Python, Go
// and C# do the same. It publishes to a wildcard that it reads, and says what it heard.
import process from 'node:process'
import { Centrifuge } from 'centrifuge'

const { WEIR_HUB_URL = 'ws://127.0.0.1:8080', WEIR_TOKEN = '' } = process.env

const centrifuge = new Centrifuge(`${WEIR_HUB_URL}/connection/websocket`, { getToken: async () => WEIR_TOKEN })
const notes = centrifuge.newSubscription('snippets.centrifuge.*')
notes.on('publication', ({ data, tags }) => {
  console.log(tags?.subject, JSON.stringify(data))
  centrifuge.disconnect()
})
// What the SDK cannot mend, as a token that is refused, ends it.
centrifuge.on('disconnected', ({ code, reason }) => {
  if (code === 0) return
  console.error(`${code}: ${reason}`)
  process.exit(1)
})
centrifuge.on('error', ({ error }) => console.error(error.message))
notes.subscribe()
centrifuge.connect()
await notes.ready()
// Answered when it is stored.
await centrifuge.publish('snippets.centrifuge.note', { text: 'hello' })
