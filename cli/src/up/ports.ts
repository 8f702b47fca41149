import { randomInt } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { type Environment, ports as meshPorts, parseConfig, portSetting, type Setting } from '@weir/mesh'
import { limits } from '../limits.ts'

/** Where the parts of `weir up` listen, all on 127.0.0.1. */
export interface Ports {
  readonly hub: number
  readonly ingest: number
  readonly projector: number
  readonly nats: number
  readonly natsWebsocket: number
  readonly postgres: number
  readonly hubAdmin: number
  readonly ingestAdmin: number
  readonly projectorAdmin: number
  readonly mqtt: number
}

export const portSettings: { readonly [Name in keyof Ports]: Setting<number> } = {
  hub: portSetting('hub', 'Where the hub listens for WebSocket and SSE.'),
  ingest: portSetting('ingest', 'Where ingest listens for events.'),
  projector: portSetting('projector', 'Where the read API and the page are.'),
  nats: portSetting('nats', 'Where nats-server listens.'),
  natsWebsocket: portSetting('natsWebsocket', 'Where nats-server listens for WebSocket, if it is to.'),
  postgres: portSetting('postgres', 'Where the embedded Postgres listens.'),
  hubAdmin: portSetting('hubAdmin', 'Health and metrics of the hub.'),
  ingestAdmin: portSetting('ingestAdmin', 'Health and metrics of ingest.'),
  projectorAdmin: portSetting('projectorAdmin', 'Health and metrics of the projector.'),
  mqtt: portSetting('mqtt', 'Where ingest listens for MQTT.'),
}

/**
 * The ports that the environment asks for: WEIR_PORT_BASE moves all, a variable of its own moves
 * one.
 */
export function portsOf(env: Environment): Ports {
  return parseConfig(portSettings, env)
}

export interface TakenPort {
  readonly part: keyof Ports
  readonly port: number
  /** The variable that moves this port alone. */
  readonly env: string
}

/** Those of the ports on which a program listens now. */
export async function takenPorts(ports: Partial<Ports>): Promise<readonly TakenPort[]> {
  const wanted = (Object.keys(portSettings) as (keyof Ports)[]).flatMap((part) => {
    const port = ports[part]
    return port === undefined ? [] : [{ part, port, env: meshPorts[part].env }]
  })
  const free = await Promise.all(wanted.map(({ port }) => isFreePort(port)))
  return wanted.filter((_, index) => !free[index])
}

/**
 * A base from which on all ports are free now, the first of them. None is one that the system may
 * give to an outgoing connection before it is listened on.
 */
export async function freePortBase(from: number = limits.portBaseMin): Promise<number | undefined> {
  for (let base = from; base < limits.portBaseMax; base += 1_000) {
    if ((await takenPorts(portsOf({ WEIR_PORT_BASE: String(base) }))).length === 0) return base
  }
  return undefined
}

/** Other ports on which nobody listens now, for nobody but the caller needs to know them. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>()
  while (found.size < count) {
    const port = randomInt(limits.freePortMin, limits.freePortMax)
    if (await isFreePort(port)) found.add(port)
  }
  return [...found]
}

/** Whether nobody listens there on 127.0.0.1 now. */
export function isFreePort(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/**
 * Whether a program listens there on 127.0.0.1 now. A port among those of outgoing connections can
 * be the one that this very connection is given: TCP then connects it with itself (RFC 9293, 3.5),
 * and no program is there.
 */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(socket.localPort !== port))
    socket.once('error', () => end(false))
  })
}
