// A chart without a gap and without a double: what Postgres has of the last hour, and then every
// point that comes, joined at one cursor. It ends after seven that came. To draw some:
//   for i in $(seq 10); do ./weir pub snippets.history.value $i; done
import process from 'node:process'
import { connect, live } from '@weir/client'

const {
  WEIR_HUB_URL = 'ws://127.0.0.1:8080',
  WEIR_PROJECTOR_URL = 'http://127.0.0.1:8082',
  WEIR_TOKEN = '',
} = process.env

const weir = connect({ url: WEIR_HUB_URL, readUrl: WEIR_PROJECTOR_URL, token: WEIR_TOKEN })
const points: unknown[] = []
let stored: number | undefined
for await (const item of live(weir, { filter: 'snippets.history.>', since: '1h' })) {
  if (item.type === 'now') {
    stored = points.length
    console.log('history', points.join(' '))
  }
  if (item.type !== 'entry') continue
  points.push(item.data)
  if (stored === undefined) continue
  console.log('live', item.data)
  if (points.length === stored + 7) break
}
console.log('chart', points.join(' '))
weir.close()
