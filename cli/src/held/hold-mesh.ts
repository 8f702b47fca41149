import { resolve } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { defaultTenantSpec, mintToken, parseConfig } from '@weir/mesh'
import { WeirError, limits as wire } from '@weir/proto'
import { limits } from '../limits.ts'
import { upSettings } from '../settings.ts'
import { specWithBuckets } from '../tenant/declared-buckets.ts'
import { exitCodes } from '../text/exit-code.ts'
import { positive } from '../text/positive.ts'
import { UsageError } from '../text/usage-error.ts'
import { LocalMesh, type LocalMeshOptions } from '../up/local-mesh.ts'
import { natsServers } from '../up/nats-servers.ts'
import { everythingGranted } from '../up/owner-token.ts'
import { freePortBase, type Ports, portsOf, takenPorts } from '../up/ports.ts'
import { isAlive, type Running, StateFolder } from '../up/state-folder.ts'
import { type Addition, addedSettings } from './additions.ts'
import { entry } from './entry.ts'
import { JoinedAdditions } from './joined-additions.ts'
import { stopSignal } from './stop-signal.ts'

export interface HoldOptions {
  /** Print one line of JSON once all is ready. */
  readonly json?: boolean
  /** Where .weir is kept. */
  readonly dir: string
  /** Three NATS servers. */
  readonly cluster?: boolean
  /** NATS syncs each event to the disk. */
  readonly sync?: boolean
  /** Over how many streams the events of the default tenant are spread, when it is made. */
  readonly shards?: string
  /** Also make changes to streams and buckets that lose what is stored. */
  readonly force?: boolean
}

/** What is run on a mesh while it is held, and ended before it. */
export interface Guest {
  stop(): Promise<void>
  /** Ends it at once. */
  kill(): void
}

/**
 * Starts everything on this machine, and comes back when it was asked to end.
 *
 * @param additions what the mesh has beside the user's configuration
 * @param whenReady says that all is ready, and starts what is to run on it
 */
export async function holdMesh(
  options: HoldOptions,
  additions: readonly Addition[],
  whenReady: (running: Running, seconds: number) => Promise<Guest | undefined>,
): Promise<number> {
  const shards = options.shards === undefined ? undefined : shardCount(options.shards)
  const folder = new StateFolder(resolve(options.dir))
  const ports = portsOf(process.env)
  const settings = parseConfig(upSettings, process.env)
  const { postgres, natsWebsocket, ...always } = ports
  await refuseSecond(folder, {
    ...always,
    ...(settings.databaseUrl === undefined ? { postgres } : {}),
    ...(settings.natsOverWebsocket ? { natsWebsocket } : {}),
  })
  // A wrong file is told before there is anything to stop.
  await specWithBuckets(defaultTenantSpec, process.env.WEIR_PROJECTIONS)
  if (!folder.claim()) throw heldBy(folder.holder())
  try {
    const { json = false, cluster = false, sync = false, force = false } = options
    const nats = await natsServers(folder, ports, cluster)
    const added = addedSettings(folder, process.env, additions).settings
    const context = {
      folder,
      ports,
      secrets: folder.secrets(),
      nats,
      syncAlways: sync,
      ...settings,
      added,
      force,
      shards,
    }
    return await held(context, json, additions, whenReady)
  } finally {
    folder.release()
  }
}

/** The same in a folder that this process has. */
async function held(
  context: Omit<LocalMeshOptions, 'onReady' | 'say'>,
  json: boolean,
  additions: readonly Addition[],
  whenReady: (running: Running, seconds: number) => Promise<Guest | undefined>,
): Promise<number> {
  const { folder } = context
  const began = performance.now()
  const show = json ? (): void => undefined : (line: string): void => console.log(line)
  const mesh = new LocalMesh({
    ...context,
    onReady: (what, ms) => show(`  ✓ ${what.padEnd(10)} ${(ms / 1000).toFixed(1)} s`),
    say: (sentence) => console.error(`weir: ${sentence}`),
  })
  const joined = new JoinedAdditions(folder, additions)
  let guest: Guest | undefined
  const asked = stopSignal(() => {
    guest?.kill()
    mesh.kill()
  })

  show(`Starting Weir; its data and logs are in ${folder.path}\n`)
  try {
    const outcome = await Promise.race([mesh.start().then(() => 'ready'), asked])
    if (outcome === 'ready') {
      const token = await mintToken(context.secrets.jwtSecret, everythingGranted(limits.printedTokenSeconds))
      const running = (): Running => ({ pid: process.pid, pids: mesh.pids(), addresses: mesh.addresses, token })
      folder.writeRunning(running())
      void joined.serve(mesh, () => folder.writeRunning(running()))
      guest = await whenReady(running(), (performance.now() - began) / 1000)
      await asked
    }
    show('\nStopping; what was stored stays.')
    return exitCodes.done
  } finally {
    joined.stop()
    folder.removeRunning()
    await guest?.stop()
    await mesh.stop()
  }
}

/** Throws `conflict` when another `weir up` has this folder, or another program a port. */
async function refuseSecond(folder: StateFolder, ports: Partial<Ports>): Promise<void> {
  const other = folder.readRunning()
  if (other !== undefined && isAlive(other)) throw heldBy(other.pid)
  const holder = folder.holder()
  if (holder !== undefined) throw heldBy(holder)
  // The parts of one that was killed are on their way out.
  const deadline = other === undefined ? 0 : Date.now() + limits.portsFreeMs
  let taken = await takenPorts(ports)
  while (taken.length > 0 && Date.now() < deadline) {
    await sleep(limits.portsPollMs)
    taken = await takenPorts(ports)
  }
  const [first] = taken
  if (first === undefined) return
  const base = await freePortBase()
  const which = taken.map(({ part, port }) => `${port} (${part})`).join(', ')
  const these = taken.length === 1 ? `Port ${which} is` : `Ports ${which} are`
  const again = `WEIR_PORT_BASE=${base ?? limits.portBaseMin} ${[entry(), ...process.argv.slice(2)].join(' ')}`
  throw new WeirError(
    'conflict',
    `${these} taken by another program. Stop it, or move all ports of Weir together: ${again}`,
  )
}

function heldBy(pid: number | undefined): WeirError {
  const known = pid === undefined ? '' : ` (process ${pid})`
  return new WeirError(
    'conflict',
    `"weir up" runs in this folder already${known}: stop it, or start another one in another folder.`,
  )
}

function shardCount(text: string): number {
  const count = positive(text, '--shards')
  if (Number.isInteger(count) && count <= wire.shardsMax) return count
  throw new UsageError(`--shards "${text}" is not a whole number from 1 to ${wire.shardsMax}.`)
}
