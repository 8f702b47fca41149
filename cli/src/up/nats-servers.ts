import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { NatsClusterOptions } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { freePorts, type Ports } from './ports.ts'
import type { StateFolder } from './state-folder.ts'

const natsNames = ['nats', 'nats-2', 'nats-3'] as const

/** One nats-server of `weir up`. */
export interface NatsServer {
  readonly name: (typeof natsNames)[number]
  readonly port: number
  readonly storeDir: string
  /** Absent where it is the only one. */
  readonly cluster?: NatsClusterOptions
}

/**
 * The one server of a `weir up`, or the three of a cluster. The first listens where the ports say;
 * the others, and all of them for each other, on free ports, for nobody but this `weir up` needs to
 * know those. Throws `conflict` in a folder with data of the other kind: a stream of one server
 * does not become one of three by itself.
 */
export async function natsServers(
  folder: StateFolder,
  ports: Ports,
  inCluster: boolean,
): Promise<readonly NatsServer[]> {
  const [mine, other] = inCluster ? ['cluster', 'nats'] : ['nats', 'cluster']
  if (existsSync(join(folder.path, other)) && !existsSync(join(folder.path, mine))) {
    const kind = inCluster ? 'a single NATS server' : 'a cluster of NATS servers'
    throw new WeirError(
      'conflict',
      `${folder.path} has the data of ${kind}: start ${inCluster ? 'without' : 'with'} --cluster, or in another folder (--dir).`,
    )
  }
  if (!inCluster) return [{ name: 'nats', port: ports.nats, storeDir: folder.at('nats') }]
  const free = await freePorts(natsNames.length * 2 - 1)
  const routePorts = free.slice(0, natsNames.length)
  const clientPorts = [ports.nats, ...free.slice(natsNames.length)]
  return natsNames.map((name, i) => ({
    name,
    port: clientPorts[i] ?? 0,
    storeDir: folder.at('cluster', name),
    cluster: { serverName: name, routePort: routePorts[i] ?? 0, routePorts },
  }))
}
