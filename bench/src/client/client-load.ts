/**
 * Reads a feed with the client of this checkout, as an application does, the data of each event
 * included; its last line of output is a ClientLoad.
 *
 *   node bench/src/client/client-load.ts <port> protobuf|json <milliseconds>
 */
import process from 'node:process'
import { connect } from '@weir/client'
import { connect as connectJson } from '@weir/client/json'

export interface ClientLoad {
  readonly events: number
  readonly seconds: number
  readonly cpuSeconds: number
}

const [port = '', codec = '', ms = ''] = process.argv.slice(2)
const options = { url: `ws://127.0.0.1:${port}`, getToken: () => 'bench' }
const weir = codec === 'json' ? connectJson(options) : connect(options)

let events = 0
let celsius = 0
let begin = { at: 0, cpu: process.cpuUsage() }
/** What the engine compiles first is no figure. */
const warmUpMs = 1000

setTimeout(() => {
  events = 0
  begin = { at: performance.now(), cpu: process.cpuUsage() }
  setTimeout(end, Number(ms))
}, warmUpMs)

for await (const item of weir.subscribe({ filter: 'bench.>', mode: 'ALL' })) {
  if (item.type !== 'entry') continue
  events++
  celsius += (item.data as { celsius: number }).celsius
}

function end(): void {
  const { user, system } = process.cpuUsage(begin.cpu)
  const seconds = (performance.now() - begin.at) / 1000
  if (!(celsius > 0)) throw new Error('No data was read.')
  const load: ClientLoad = { events, seconds, cpuSeconds: (user + system) / 1e6 }
  console.log(JSON.stringify(load))
  process.exit(0)
}
