/**
 * The load of the rows for MQTT in ingest.bench.ts, a process of its own: raw sockets with so many
 * messages of QoS 1 under way on each, and no client's library.
 *
 *   bun bench/src/ingest/mqtt-load.ts <port> <token> <version> <connections> <window> <ms>
 *
 * The last line of its output is an MqttLoad in JSON.
 */

import { connect, type Socket } from 'node:net'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

export interface MqttLoad {
  readonly seconds: number
  /** Messages that were acknowledged as stored. */
  readonly acknowledged: number
  readonly cpuSeconds: number
}

const [port = '', token = '', version = '', connections = '', windowText = '', durationMs = ''] = process.argv.slice(2)
const isFive = version === '5'
const window = Number(windowText)
const payload = '{"celsius":21.5,"humidity":40.25,"battery":0.87,"fan":true,"mode":"auto","rpm":1480}'
let acknowledged = 0
let running = true

/** Acknowledgements here are always of four bytes: those of refusals are an error. */
class Publisher {
  readonly #socket: Socket
  readonly #packet: Buffer
  #rest: Buffer = Buffer.alloc(0)
  readonly #idAt: number
  #messageId = 0

  constructor(socket: Socket, at: number) {
    this.#socket = socket
    const properties = isFive ? Buffer.from([0]) : Buffer.alloc(0)
    const topic = text(`bench/room${at}/climate`)
    this.#packet = packet(0x32, Buffer.concat([topic, Buffer.alloc(2), properties, Buffer.from(payload)]))
    this.#idAt = 2 + topic.length
    socket.setNoDelay(true)
  }

  begin(): void {
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#publish(window)
  }

  #take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const whole = bytes.length - (bytes.length % 4)
    for (let at = 0; at < whole; at += 4) {
      if (bytes.readUInt16BE(at) !== 0x4002) throw new Error(`This is no PUBACK: ${bytes.toString('hex', at, at + 64)}`)
    }
    this.#rest = bytes.subarray(whole)
    acknowledged += whole / 4
    if (running) this.#publish(whole / 4)
  }

  #publish(count: number): void {
    const { length } = this.#packet
    const bytes = Buffer.allocUnsafe(count * length)
    for (let at = 0; at < count; at++) {
      this.#messageId = (this.#messageId % 65_535) + 1
      this.#packet.writeUInt16BE(this.#messageId, this.#idAt)
      this.#packet.copy(bytes, at * length)
    }
    this.#socket.write(bytes)
  }
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}

function packet(first: number, body: Buffer): Buffer {
  const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7]
  return Buffer.concat([Buffer.from([first, ...length]), body])
}

function open(at: number): Promise<Publisher> {
  const socket = connect(Number(port), '127.0.0.1')
  const properties = isFive ? Buffer.from([0]) : Buffer.alloc(0)
  const head = Buffer.concat([text('MQTT'), Buffer.from([Number(version), 0xc2, 0, 60]), properties])
  socket.write(packet(0x10, Buffer.concat([head, text(`bench-${at}`), text('bench'), text(token)])))
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    // CONNACK comes alone, as nothing was published yet.
    socket.once('data', () => resolve(new Publisher(socket, at)))
  })
}

const publishers = await Promise.all(Array.from({ length: Number(connections) }, (_, at) => open(at)))
const before = process.cpuUsage()
const began = performance.now()
for (const publisher of publishers) publisher.begin()
await sleep(Number(durationMs))
running = false
const { user, system } = process.cpuUsage(before)
const load: MqttLoad = { seconds: (performance.now() - began) / 1000, acknowledged, cpuSeconds: (user + system) / 1e6 }
console.log(JSON.stringify(load))
process.exit(0)
