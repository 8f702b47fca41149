import { execFile } from 'node:child_process'
import { statfs } from 'node:fs/promises'
import { promisify } from 'node:util'
import { asWeirError, defaultTenant } from '@weir/proto'
import { findAccess } from '../access/access.ts'
import { withNats } from '../access/nats.ts'
import { projectionsOf } from '../access/projection.ts'
import { bun, natsServer, pinnedNode } from '../checkout/programs.ts'
import { limits } from '../limits.ts'
import { bucketsOf, isDefaultBucket } from '../tenant/buckets.ts'
import { exitCodes } from '../text/exit-code.ts'
import { print } from '../text/print.ts'
import { portsOf, takenPorts } from '../up/ports.ts'
import { isAlive, type Running, StateFolder } from '../up/state-folder.ts'

/** Says what is missing, taken, full or not ready; fails when anything is. */
export async function doctor(): Promise<number> {
  const running = StateFolder.find(process.cwd())?.readRunning()
  const alive = running !== undefined && isAlive(running) ? running : undefined
  const findings = [
    await program('Bun', () => bun),
    await program('Node for the hub', pinnedNode),
    await program('nats-server', natsServer),
    await disk(),
    ...(alive === undefined ? [await ports()] : [...(await services(alive)), await buckets(alive)]),
  ]
  for (const { ok, what, detail } of findings) await print(`  ${ok ? '✓' : '✗'} ${what.padEnd(18)} ${detail}`)
  if (alive === undefined) await print('\nNo "weir up" runs in this folder or one above.')
  return findings.every(({ ok }) => ok) ? exitCodes.done : exitCodes.failed
}

interface Finding {
  readonly ok: boolean
  readonly what: string
  readonly detail: string
}

async function program(what: string, path: () => string): Promise<Finding> {
  try {
    const { stdout } = await promisify(execFile)(path(), ['--version'], { timeout: limits.requestMs })
    return { ok: true, what, detail: `${stdout.trim()} (${path()})` }
  } catch (error) {
    return { ok: false, what, detail: error instanceof Error ? error.message : String(error) }
  }
}

async function disk(): Promise<Finding> {
  const { bavail, bsize } = await statfs('.')
  const free = bavail * bsize
  const gib = `${(free / 1024 ** 3).toFixed(1)} GiB free here`
  const ok = free >= limits.diskBytesMin
  return { ok, what: 'disk', detail: ok ? gib : `${gib}: the stream of one tenant alone may take 1 GiB` }
}

async function ports(): Promise<Finding> {
  const taken = await takenPorts(portsOf(process.env))
  const which = taken.map(({ port, part }) => `${port} (${part})`).join(', ')
  const detail = taken.length === 0 ? 'all free' : `taken: ${which}; WEIR_PORT_BASE=18080 moves all of them`
  return { ok: taken.length === 0, what: 'ports', detail }
}

function services({ addresses }: Running): Promise<Finding[]> {
  return Promise.all(Object.entries(addresses.admin).map(([name, address]) => readiness(name, address)))
}

async function readiness(what: string, address: string): Promise<Finding> {
  try {
    const response = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(limits.requestMs) })
    const { parts = {} } = (await response.json()) as { parts?: Record<string, { ok: boolean; detail?: string }> }
    const unfit = Object.entries(parts).filter(([, { ok }]) => !ok)
    const why = unfit.map(([part, { detail }]) => `${part}: ${detail ?? 'not ready'}`).join('; ')
    return { ok: response.ok, what, detail: response.ok ? `ready (${address})` : `not ready: ${why}` }
  } catch {
    return { ok: false, what, detail: `does not answer at ${address}` }
  }
}

/**
 * Values that no projection looks after any more: they stay until their time to live has passed, or
 * somebody drops them.
 */
async function buckets({ addresses }: Running): Promise<Finding> {
  try {
    const present = await withNats({ nats: addresses.nats }, (nc) => bucketsOf(nc, defaultTenant))
    const filled = (await projectionsOf(findAccess({}))).map(({ bucket }) => bucket)
    const left = present.filter(({ name }) => !filled.includes(name) && !isDefaultBucket(name)).map(({ name }) => name)
    const detail = `filled by no projection: ${left.join(', ')}; "weir bucket drop ${left[0]}" removes one`
    return { ok: true, what: 'buckets', detail: left.length === 0 ? 'all have a projection' : detail }
  } catch (thrown) {
    return { ok: false, what: 'buckets', detail: asWeirError(thrown).message }
  }
}
