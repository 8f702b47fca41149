// Asks for one key after the other over kept connections, one request at a time on each, and prints
// how it went as JSON. Arguments: port, token, connections, keys, milliseconds.

import { connect } from 'node:net'

const [port = '', token = '', connections = '', keys = '', ms = ''] = process.argv.slice(2)

const latencies: number[] = []
let failures = 0
let running = true

const began = performance.now()
const sockets = Array.from({ length: Number(connections) }, (_, at) => ask(at))
setTimeout(() => {
  running = false
}, Number(ms))
await Promise.all(sockets)
const seconds = (performance.now() - began) / 1000
latencies.sort((a, b) => a - b)
const at = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)] ?? Number.NaN
console.log(JSON.stringify({ perSecond: latencies.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), failures }))

function ask(seed: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1')
    let key = seed
    let sent = 0
    let text = ''
    const next = (): void => {
      if (!running) {
        socket.destroy()
        resolve()
        return
      }
      key = (key * 1_103_515_245 + 12_345) % 2_147_483_648
      sent = performance.now()
      const path = `/v1/state/latest/bench.k${key % Number(keys)}`
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n\r\n`)
    }
    socket.setEncoding('latin1')
    socket.on('connect', next)
    socket.on('error', reject)
    socket.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0)
      if (text.length < end + 4 + length) return
      if (!text.startsWith('HTTP/1.1 200')) failures++
      text = ''
      latencies.push(performance.now() - sent)
      next()
    })
  })
}
