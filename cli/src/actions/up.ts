import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mintToken, parseConfig } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { fileOf } from '../checkout/file-of.ts'
import { limits } from '../limits.ts'
import { upSettings } from '../settings.ts'
import { exitCodes } from '../text/exit-code.ts'
import { LocalMesh } from '../up/local-mesh.ts'
import { natsServers } from '../up/nats-servers.ts'
import { everythingGranted } from '../up/owner-token.ts'
import { freePortBase, type Ports, portsOf, takenPorts } from '../up/ports.ts'
import { isAlive, type Running, StateFolder } from '../up/state-folder.ts'

export interface UpOptions {
  /** Print one line of JSON once all is ready. */
  readonly json?: boolean
  /** Where .weir is kept. */
  readonly dir: string
  /** Three NATS servers. */
  readonly cluster?: boolean
  /** NATS syncs each event to the disk. */
  readonly sync?: boolean
  /** Also make changes to streams and buckets that lose what is stored. */
  readonly force?: boolean
}

/** Starts everything on this machine, and comes back when it was asked to end. */
export async function up({
  json = false,
  dir,
  cluster = false,
  sync = false,
  force = false,
}: UpOptions): Promise<number> {
  const began = performance.now()
  const folder = new StateFolder(resolve(dir))
  const ports = portsOf(process.env)
  const settings = parseConfig(upSettings, process.env)
  const { postgres, natsWebsocket, ...always } = ports
  await refuseSecond(folder, {
    ...always,
    ...(settings.databaseUrl === undefined ? { postgres } : {}),
    ...(settings.natsOverWebsocket ? { natsWebsocket } : {}),
  })
  const show = json ? (): void => undefined : (line: string): void => console.log(line)
  const mesh = new LocalMesh({
    folder,
    ports,
    secrets: folder.secrets(),
    nats: await natsServers(folder, ports, cluster),
    syncAlways: sync,
    ...settings,
    force,
    onReady: (what, ms) => show(`  ✓ ${what.padEnd(10)} ${(ms / 1000).toFixed(1)} s`),
    say: (sentence) => console.error(`weir: ${sentence}`),
  })
  const asked = stopSignal(() => mesh.kill())

  show(`Starting Weir; its data and logs are in ${folder.path}\n`)
  try {
    const outcome = await Promise.race([mesh.start().then(() => 'ready'), asked])
    if (outcome === 'ready') {
      const token = await mintToken(folder.secrets().jwtSecret, everythingGranted(limits.printedTokenSeconds))
      const running: Running = { pid: process.pid, pids: mesh.pids(), addresses: mesh.addresses, token }
      folder.writeRunning(running)
      if (json) console.log(JSON.stringify(running))
      else show(welcome(running, (performance.now() - began) / 1000))
      await asked
    }
    show('\nStopping; what was stored stays.')
    return exitCodes.done
  } finally {
    folder.removeRunning()
    await mesh.stop()
  }
}

/** Resolves at the first signal that asks for an end; at the second everything ends at once. */
function stopSignal(kill: () => void): Promise<string> {
  return new Promise((resolve) => {
    let asked = false
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        if (asked) {
          kill()
          process.exit(exitCodes.failed)
        }
        asked = true
        resolve(name)
      })
    }
  })
}

/** Throws `conflict` when another `weir up` has this folder, or another program a port. */
async function refuseSecond(folder: StateFolder, ports: Partial<Ports>): Promise<void> {
  const other = folder.readRunning()
  if (other !== undefined && isAlive(other)) {
    throw new WeirError(
      'conflict',
      `"weir up" runs in this folder already (process ${other.pid}): stop it, or start another one in another folder.`,
    )
  }
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
  throw new WeirError(
    'conflict',
    `${these} taken by another program. Stop it, or move all ports of Weir together: WEIR_PORT_BASE=${base ?? limits.portBaseMin} ${entry()} up`,
  )
}

function welcome({ addresses, token }: Running, seconds: number): string {
  return `
Ready in ${seconds.toFixed(1)} s.

  page      ${addresses.projector}/#token=${token}
  hub       ${addresses.hub}/v1/ws
  ingest    ${addresses.ingest}/v1/events
  read API  ${addresses.projector}/v1/state/latest

The token in the address of the page grants everything for ${limits.printedTokenSeconds / 86_400} days; "weir token" makes narrower ones.
Try in another terminal, in this folder:

  ${entry()} sub 'metrics.>' --count 5
  ${entry()} pub rooms.r1.climate '{"celsius": 21.5}'
  ${entry()} get latest rooms.r1.climate

Ctrl-C stops everything.`
}

/** The command as it is typed from the working folder. */
function entry(): string {
  const path = fileOf('weir')
  return path === resolve('weir') ? './weir' : path
}
