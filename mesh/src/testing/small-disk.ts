import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/** A file system of its own with little room, half of it taken by a file that can go away. */
export interface SmallDisk {
  /** A folder on it. */
  readonly folder: string
  makeRoom(): Promise<void>
  remove(): Promise<void>
}

/**
 * In memory, in a mount namespace of a process that does nothing else: it needs no rights beyond
 * those of the user, and goes away with that process. Undefined where the system does not let users
 * have namespaces.
 */
export async function startSmallDisk(mebibytes: number): Promise<SmallDisk | undefined> {
  const mountPoint = await mkdtemp(join(tmpdir(), 'weir-disk-'))
  const mount = `mount -t tmpfs -o size=${mebibytes}m tmpfs "$0" && echo mounted && exec cat`
  const holder = spawn('unshare', ['--map-root-user', '--mount', 'sh', '-c', mount, mountPoint], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const endWithUs = (): void => void holder.kill('SIGKILL')
  process.once('exit', endWithUs)
  const remove = async (): Promise<void> => {
    process.off('exit', endWithUs)
    holder.kill('SIGKILL')
    await rm(mountPoint, { recursive: true, force: true })
  }
  const mounted = await new Promise<boolean>((resolve) => {
    holder.stdout.once('data', () => resolve(true))
    holder.once('error', () => resolve(false))
    holder.once('exit', () => resolve(false))
  })
  if (!mounted) {
    await remove()
    return undefined
  }
  // The namespace as others see it.
  const folder = `/proc/${holder.pid}/root${mountPoint}`
  const ballast = join(folder, 'ballast')
  await writeFile(ballast, new Uint8Array((mebibytes / 2) * 1024 * 1024))
  return { folder, makeRoom: () => rm(ballast), remove }
}
