import type { Environment, Setting } from './config.ts'
import { port } from './config-parsers.ts'
import { limits } from './limits.ts'

/**
 * Every port of a mesh on one machine. WEIR_PORT_BASE=n moves them all together, to n plus the
 * offset; a variable of its own moves one.
 */
export const ports = {
  hub: { env: 'WEIR_HUB_PORT', default: 8080, offset: 0 },
  ingest: { env: 'WEIR_INGEST_PORT', default: 8081, offset: 1 },
  projector: { env: 'WEIR_PROJECTOR_PORT', default: 8082, offset: 2 },
  nats: { env: 'WEIR_NATS_PORT', default: 4222, offset: 3 },
  postgres: { env: 'WEIR_POSTGRES_PORT', default: 5433, offset: 4 },
  natsWebsocket: { env: 'WEIR_NATS_WEBSOCKET_PORT', default: 8443, offset: 5 },
  hubAdmin: { env: 'WEIR_HUB_ADMIN_PORT', default: 9080, offset: 6 },
  ingestAdmin: { env: 'WEIR_INGEST_ADMIN_PORT', default: 9081, offset: 7 },
  projectorAdmin: { env: 'WEIR_PROJECTOR_ADMIN_PORT', default: 9082, offset: 8 },
  mqtt: { env: 'WEIR_MQTT_PORT', default: 1883, offset: 9 },
} as const

export type PortName = keyof typeof ports

/** The setting of one port of the table. */
export function portSetting(name: PortName, sentence: string): Setting<number> {
  const { env, default: fallback, offset } = ports[name]
  return {
    env,
    parser: port,
    fallback: (environment) => movedPort(environment, offset) ?? fallback,
    fallbackText: `\`${fallback}\`, or WEIR_PORT_BASE + ${offset}`,
    sentence,
  }
}

function movedPort(environment: Environment, offset: number): number | undefined {
  const text = environment.WEIR_PORT_BASE
  if (text === undefined || text === '') return undefined
  if (!/^\d{1,5}$/.test(text) || Number(text) === 0 || Number(text) > limits.portBaseMax) {
    throw new Error(`WEIR_PORT_BASE must be an integer from 1 to ${limits.portBaseMax}: got "${text}".`)
  }
  return Number(text) + offset
}
