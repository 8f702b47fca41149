import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type NatsRole, natsRoles } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import type { Addresses } from './addresses.ts'
import type { Secrets } from './secrets.ts'

/**
 * The folder `.weir` in which `weir up` keeps everything: data, logs, secrets, and what other
 * commands need to find it.
 */
export class StateFolder {
  readonly path: string

  constructor(workingFolder: string) {
    this.path = resolve(workingFolder, '.weir')
  }

  /** The nearest `.weir` with a file of `weir up`, from a folder upwards. */
  static find(from: string): StateFolder | undefined {
    for (let folder = resolve(from); ; folder = dirname(folder)) {
      if (existsSync(join(folder, '.weir', secretsFile))) return new StateFolder(folder)
      if (dirname(folder) === folder) return undefined
    }
  }

  /** A path in it; the folders on the way are made. */
  at(...names: string[]): string {
    const path = join(this.path, ...names)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return path
  }

  /** The secrets of this mesh, made at the first call. */
  secrets(): Secrets {
    const present = this.readSecrets()
    const password = (): string => randomBytes(18).toString('base64url')
    const secrets: Secrets = {
      jwtSecret: present?.jwtSecret ?? randomBytes(32).toString('base64url'),
      natsPasswords: Object.fromEntries(
        natsRoles.map((role) => [role, present?.natsPasswords[role] ?? password()]),
      ) as Record<NatsRole, string>,
      // A folder of an older version has none.
      postgresPassword: present?.postgresPassword ?? password(),
    }
    this.#write(secretsFile, secrets)
    // What is in here is nobody else's business, git's least of all.
    writeFileSync(this.at('.gitignore'), '*\n')
    return secrets
  }

  /** Undefined where no `weir up` has run yet. */
  readSecrets(): Secrets | undefined {
    return this.#read(secretsFile) as Secrets | undefined
  }

  /** The process that has this folder, from the begin of its start to its end. */
  holder(): number | undefined {
    const path = join(this.path, holderFile)
    const pid = existsSync(path) ? Number(readFileSync(path, 'utf8')) : undefined
    return pid !== undefined && isAlive({ pid }) ? pid : undefined
  }

  /** Takes this folder for this process; false when another has it. */
  claim(): boolean {
    const path = this.at(holderFile)
    const mine = `${path}.${process.pid}`
    if (this.holder() !== undefined) return false
    rmSync(path, { force: true })
    writeFileSync(mine, String(process.pid), { mode: 0o600 })
    try {
      // Of two at the same time one makes it.
      linkSync(mine, path)
      return true
    } catch {
      return false
    } finally {
      rmSync(mine)
    }
  }

  release(): void {
    rmSync(join(this.path, holderFile), { force: true })
  }

  /** What the `weir up` that runs here wrote, or one that was killed and could not take it back. */
  readRunning(): Running | undefined {
    return this.#read(runningFile) as Running | undefined
  }

  writeRunning(running: Running): void {
    this.#write(runningFile, running)
  }

  removeRunning(): void {
    rmSync(this.at(runningFile), { force: true })
  }

  #read(name: string): unknown {
    const path = join(this.path, name)
    if (!existsSync(path)) return undefined
    try {
      return JSON.parse(readFileSync(path, 'utf8'))
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause
      throw new WeirError('invalid', `${path} is damaged: put a copy of it back, or remove it for a new one.`, {
        cause,
      })
    }
  }

  /** In one step, so that no reader sees half a file; for the owner alone. */
  #write(name: string, value: unknown): void {
    const path = this.at(name)
    writeFileSync(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }
}

const secretsFile = 'secrets.json'
const runningFile = 'up.json'
const holderFile = 'holder'

/** A `weir up` that is ready: the line that `--json` prints, and what `.weir/up.json` holds. */
export interface Running {
  /** Of `weir up` itself, or of the `weir demo` that started it. */
  readonly pid: number
  readonly addresses: Addresses
  /** Of its parts, when it was ready. */
  readonly pids: Readonly<Record<string, number>>
  /** May publish and subscribe to everything of tenant main, and administer it. */
  readonly token: string
}

/**
 * Whether the `weir up` that wrote this still runs. Its number may be another program's by now,
 * which Linux can tell.
 */
export function isAlive({ pid }: Pick<Running, 'pid'>): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const commandLine = `/proc/${pid}/cmdline`
  return !existsSync(commandLine) || /main\.ts\0(up|demo)\0/.test(`${readFileSync(commandLine, 'utf8')}\0`)
}
