// A chart without a gap and without a double: what was, from Postgres, with the cursor at which
// live goes on.
import process from 'node:process'
import { connect } from '@weir/client'

const {
  WEIR_HUB_URL = 'ws://127.0.0.1:8080',
  WEIR_PROJECTOR_URL = 'http://127.0.0.1:8082',
  WEIR_TOKEN = '',
} = process.env
const filter = 'snippets.history.>'

const weir = connect({ url: WEIR_HUB_URL, readUrl: WEIR_PROJECTOR_URL, getToken: () => WEIR_TOKEN })
const { items, cursor } = await weir.history({ filter, from: Date.now() - 3_600_000 })
const points: unknown[] = items.map(({ data }) => data)
console.log('history', points.join(' '))

for await (const item of weir.subscribe({ filter, mode: 'ALL', cursor })) {
  if (item.type !== 'entry') continue
  points.push(item.data)
  console.log('live', item.data)
  if (points.length === 10) break
}
console.log('chart', points.join(' '))
weir.close()
