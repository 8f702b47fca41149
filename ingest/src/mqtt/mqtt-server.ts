import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { WeirError } from '@weir/proto'
import { ingestLimits } from '../limits.ts'
import { reasons } from './reason.ts'
import { type MqttParts, MqttSession, type Sessions } from './session.ts'

export interface MqttServer {
  readonly port: number
  /** Takes nobody new, answers what was published, and closes all connections. */
  close(): Promise<void>
}

/** Listens for MQTT over TCP. Throws `conflict` when the port is taken. */
export async function serveMqtt(parts: MqttParts, place: MqttPlace): Promise<MqttServer> {
  const sessions: Sessions = new Map()
  const running = new Map<MqttSession, Promise<void>>()
  const server = createServer({ noDelay: true, keepAlive: true }, (socket: Socket) => {
    if (running.size >= ingestLimits.mqttConnectionsMax) return void socket.destroy()
    const session = new MqttSession(parts, socket, sessions)
    running.set(
      session,
      session.run().finally(() => running.delete(session)),
    )
  })
  await listening(server, place)
  parts.metrics?.watchMqtt(() => running.size)
  const sweep = setInterval(() => {
    const now = parts.now()
    for (const session of running.keys()) session.sweep(now)
  }, ingestLimits.mqttSweepMs)
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      clearInterval(sweep)
      server.close()
      for (const session of running.keys()) void session.end(reasons.shuttingDown)
      await Promise.all(running.values())
    },
  }
}

export interface MqttPlace {
  readonly hostname: string
  readonly port: number
  /** The variable that moves the port. */
  readonly portSetting: string
}

function listening(server: Server, { hostname, port, portSetting }: MqttPlace): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `MQTT cannot listen on port ${port} of ${hostname} (${cause.message}): stop what listens there, or move this one with ${portSetting} (WEIR_PORT_BASE moves all).`
      reject(new WeirError('conflict', message, { cause }))
    })
    server.listen(port, hostname, resolve)
  })
}
