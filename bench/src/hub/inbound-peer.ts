/**
 * The NATS client alone: subscribes to what the hub subscribes to and counts the bytes.
 *
 *   node bench/src/hub/inbound-peer.ts <nats url>
 *
 * Its first line of output is {"port"}, though it listens nowhere.
 */
import process from 'node:process'
import { connectNats, createLogger, liveSubject } from '@weir/mesh'

const nc = await connectNats({ url: process.argv[2] ?? '', name: 'peer', log: createLogger('peer', 'warn') })
let bytes = 0
nc.subscribe(`${liveSubject('main', 'events')}.>`, {
  callback: (_error, message) => {
    bytes += message.data.length
  },
})
await nc.flush()
console.log(JSON.stringify({ port: 0 }))
process.once('exit', () => console.log(bytes))
