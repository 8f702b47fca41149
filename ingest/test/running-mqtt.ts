import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import { fromBinary } from '@bufbuild/protobuf'
import { createLogger, Verifier } from '@weir/mesh'
import { type Event, EventSchema } from '@weir/proto'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { generate, type Packet, type Parser, parser } from 'mqtt-packet'
import type { TenantExists } from '../src/admission/tenants.ts'
import { ingestLimits } from '../src/limits.ts'
import { type MqttServer, serveMqtt } from '../src/mqtt/mqtt-server.ts'
import type { MqttParts } from '../src/mqtt/session.ts'
import { Gate } from '../src/store/gate.ts'
import { FakeStream, tokenFor } from './fake-stream.ts'
import { secret } from './secret.ts'

/** The door for MQTT before a fake stream. */
export interface RunningMqtt {
  readonly stream: FakeStream
  readonly port: number
  /** By the client of npm; its token may publish everywhere unless the options have another. */
  client(options?: IClientOptions): Promise<MqttClient>
  /** What was stored, by its subject. */
  events(): readonly (readonly [subject: string, event: Event])[]
  close(): Promise<void>
}

/** What a door is made of, before a fake stream. */
export function mqttParts(stream: FakeStream, tenantExists: TenantExists, now: () => number = Date.now): MqttParts {
  const gate = new Gate({ publisher: stream, tenantExists, limits: ingestLimits })
  const verifier = new Verifier({ jwtSecret: secret, jwtIssuer: 'weir', jwtAudience: 'weir' })
  return { gate, publisher: stream, verifier, log: createLogger('ingest', 'fatal'), aheadMs: ingestLimits.aheadMs, now }
}

/** `now` tells the time by which clients are taken for gone. */
export async function startMqtt(now: () => number = Date.now): Promise<RunningMqtt> {
  const stream = new FakeStream()
  const parts = mqttParts(stream, () => Promise.resolve(true), now)
  const server: MqttServer = await serveMqtt(parts, { hostname: '127.0.0.1', port: 0, portSetting: 'WEIR_MQTT_PORT' })
  const { port } = server
  const password = await tokenFor(['>'])
  const clients: MqttClient[] = []
  return {
    stream,
    port,
    async client(options = {}) {
      const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
        username: 'any',
        password,
        reconnectPeriod: 0,
        ...options,
      })
      // What is expected is asked of its answers.
      client.on('error', () => undefined)
      clients.push(client)
      return client
    },
    events: () =>
      stream.messages.map(
        ({ subject, payload }) => [subject.slice('ev.main.'.length), fromBinary(EventSchema, payload)] as const,
      ),
    async close() {
      for (const client of clients) await client.endAsync(true)
      await server.close()
    },
  }
}

/** A client that says what a test wants it to, packet by packet. */
export class RawClient {
  readonly socket: Socket
  readonly packets: Packet[] = []
  readonly closed: Promise<unknown>
  readonly #version: number

  constructor(port: number, version: 4 | 5 = 4) {
    this.#version = version
    this.socket = connectSocket(port, '127.0.0.1')
    this.closed = once(this.socket, 'close')
    this.socket.on('error', () => undefined)
    const reader: Parser = parser({ protocolVersion: version })
    // Of another version than its own it understands nothing.
    reader.on('error', () => undefined)
    reader.on('packet', (packet) => {
      this.packets.push(packet)
      this.socket.emit('weir-packet')
    })
    this.socket.on('data', (bytes: Buffer) => void reader.parse(bytes))
  }

  send(packet: Packet): void {
    this.socket.write(generate(packet, { protocolVersion: this.#version }))
  }

  async connect(more: object = {}): Promise<Packet> {
    const password = Buffer.from(await tokenFor(['>']))
    const protocolVersion = this.#version as 4 | 5
    this.send({
      cmd: 'connect',
      clientId: 'raw',
      protocolId: 'MQTT',
      protocolVersion,
      clean: true,
      username: 'any',
      password,
      ...more,
    })
    return await this.next()
  }

  /** The next packet that comes. */
  async next(): Promise<Packet> {
    while (this.packets.length === 0) await once(this.socket, 'weir-packet')
    return this.packets.shift() as Packet
  }
}
