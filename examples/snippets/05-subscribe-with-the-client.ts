// The client: what is there now, then what changes, over reconnects and hubs. Leaving the loop ends
// the subscription.
import process from 'node:process'
import { connect } from '@weir/client'

const { WEIR_HUB_URL = 'ws://127.0.0.1:8080', WEIR_TOKEN = '' } = process.env

const weir = connect({ url: WEIR_HUB_URL, token: WEIR_TOKEN })
for await (const item of weir.subscribe({ source: 'latest', filter: 'snippets.>', mode: 'LATEST' })) {
  if (item.type === 'state' && item.state === 'offline') console.error(weir.connection.error?.message)
  if (item.type === 'removed') console.log(item.subject, 'is gone')
  if (item.type !== 'entry') continue
  console.log(item.subject, item.dataText ?? item.event.data)
  break
}
weir.close()
