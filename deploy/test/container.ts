import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Image } from './image.ts'

/** Whether this process may make a mount namespace, which a container needs. */
export function canRunContainers(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0
}

/**
 * Mounts the image read-only, with the C library of this machine where the base image has its own,
 * and becomes the user of the image in it. Nothing is writable, not even /tmp.
 */
const script = `set -e
root=$1 user=$2 workdir=$3
shift 3
mount --bind "$root" "$root"
for each in usr/lib usr/lib64 dev proc; do
  [ ! -d "/$each" ] || mount --rbind "/$each" "$root/$each"
done
mount -o remount,ro,bind "$root"
mount -o remount,ro,bind "$root/usr/lib"
exec unshare --root="$root" --wd="$workdir" --setgid="$user" --setuid="$user" "$@"`

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly command?: readonly string[]
  /** Arguments behind the entrypoint. */
  readonly args?: readonly string[]
}

/** Runs the entrypoint of an image, or another command, as a container would. */
export function runContainer(image: Image, { env = {}, command, args = [] }: RunOptions = {}): ChildProcess {
  for (const each of ['usr/lib', 'usr/lib64', 'dev', 'proc', 'tmp'])
    mkdirSync(join(image.root, each), { recursive: true })
  for (const each of ['lib', 'lib64']) {
    if (!existsSync(join(image.root, each))) symlinkSync(`usr/${each}`, join(image.root, each))
  }
  const program = [...(command ?? image.entrypoint), ...args]
  return spawn('unshare', ['-m', 'sh', '-c', script, 'sh', image.root, String(image.user), image.workdir, ...program], {
    env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', ...image.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Puts a file into the image, as a volume that holds it would. */
export function mountFile(image: Image, path: string, text: string): void {
  mkdirSync(join(image.root, path, '..'), { recursive: true })
  writeFileSync(join(image.root, path), text)
}

export interface Ended {
  readonly code: number | null
  readonly output: string
}

export function ended(child: ChildProcess): Promise<Ended> {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
}
