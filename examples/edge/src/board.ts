import process from 'node:process'
import { connect } from '@weir/client'

// The smallest board there is: a line for each new temperature, as it comes from the hub.

const { WEIR_HUB_URL = 'ws://127.0.0.1:8080', WEIR_TOKEN = '' } = process.env

const weir = connect({ url: WEIR_HUB_URL, token: WEIR_TOKEN })
for await (const item of weir.subscribe({ filter: 'rooms.*.climate', mode: 'LATEST' })) {
  if (item.type !== 'entry') continue
  // A reading, as the producer sends it, or plain JSON, as a person does.
  const { celsius } = (item.reading?.metrics ?? item.data ?? {}) as { readonly celsius?: number }
  if (celsius === undefined) continue
  console.log(`${item.subject}  ${celsius.toFixed(2)} °C`)
}
