import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectNats, createLogger, type NatsConnection, type NatsTls, natsBinary, natsRoles } from '@weir/mesh'
import { freePorts } from '../../cli/src/up/ports.ts'

const configurations = fileURLToPath(new URL('../nats/', import.meta.url))

export interface DeployedNatsOptions {
  /** A file of deploy/nats. */
  readonly file: string
  readonly ports: NatsPorts
  /** Certificates stand there as ca.crt, tls.crt and tls.key. */
  readonly tlsFolder?: string
  /** Further variables of its environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Where the three servers of a cluster listen for each other. */
  readonly routePorts?: readonly number[]
}

export interface NatsPorts {
  readonly client: number
  readonly monitor: number
  readonly route?: number
  readonly leaf?: number
}

/**
 * A nats-server with a file of deploy/nats. What is changed of the file are places: ports, the
 * store, the certificates.
 */
export class DeployedNats {
  readonly ports: NatsPorts
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'weir-nats-'))
  readonly #command: readonly string[]
  readonly #env: NodeJS.ProcessEnv
  #child: ChildProcess | undefined
  #said = ''

  constructor(options: DeployedNatsOptions) {
    const { file, ports, tlsFolder = '', env = {}, routePorts = [] } = options
    this.ports = ports
    for (const name of readdirSync(configurations)) {
      const text = readFileSync(configurations + name, 'utf8')
        .replaceAll('0.0.0.0:4222', `127.0.0.1:${ports.client}`)
        .replaceAll('0.0.0.0:8222', `127.0.0.1:${ports.monitor}`)
        .replaceAll('0.0.0.0:6222', `127.0.0.1:${ports.route ?? 0}`)
        .replaceAll('0.0.0.0:7422', `127.0.0.1:${ports.leaf ?? 0}`)
        .replaceAll(/nats-(\d):6222/g, (_, number: string) => `127.0.0.1:${routePorts[Number(number) - 1]}`)
        .replaceAll('/etc/weir/nats-tls', tlsFolder)
        .replaceAll('"/data"', JSON.stringify(join(this.#folder, 'data')))
      mkdirSync(dirname(join(this.#folder, name)), { recursive: true })
      writeFileSync(join(this.#folder, name), text)
    }
    this.#command = [natsBinary(), '-c', join(this.#folder, file)]
    this.#env = { ...process.env, ...passwords(), WEIR_NATS_PASSWORD_LEAF: password('leaf'), ...env }
  }

  /** Resolves when the server takes connections; rejects with what it said when it ends before. */
  async start(): Promise<void> {
    const [program = '', ...args] = this.#command
    this.#said = ''
    const child = spawn(program, args, { env: this.#env, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    child.stderr.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-100_000)
    })
    const deadline = Date.now() + 45_000
    while (!/Server is ready|Listening for route connections/.test(this.#said)) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`nats-server:\n${this.#said}`)
      await sleep(20)
    }
  }

  url(role: string, scheme = 'tls'): string {
    return `${scheme}://${role}:${password(role)}@127.0.0.1:${this.ports.client}`
  }

  /** A page of its monitor, such as `jsz?config=1`. */
  async monitor<T>(page: string): Promise<T> {
    const answer = await fetch(`http://127.0.0.1:${this.ports.monitor}/${page}`)
    return (await answer.json()) as T
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  async dispose(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** The three servers of three.conf. */
export async function startThree(tlsFolder: string): Promise<readonly DeployedNats[]> {
  const ports = await freePorts(12)
  const routePorts = ports.slice(6, 9)
  const servers = [0, 1, 2].map(
    (i) =>
      new DeployedNats({
        file: 'three.conf',
        ports: {
          client: ports[i] ?? 0,
          monitor: ports[i + 3] ?? 0,
          route: ports[i + 6] ?? 0,
          leaf: ports[i + 9] ?? 0,
        },
        tlsFolder,
        routePorts,
        env: { WEIR_NATS_NAME: `nats-${i + 1}` },
      }),
  )
  await Promise.all(servers.map((server) => server.start()))
  return servers
}

/** Joins one server, or several, as a role. */
export function joined(
  nats: DeployedNats | readonly DeployedNats[],
  role: string,
  tls: NatsTls,
): Promise<NatsConnection> {
  const all = Array.isArray(nats) ? (nats as readonly DeployedNats[]) : [nats as DeployedNats]
  const log = createLogger('test', 'silent')
  return connectNats({ url: all.map((each) => each.url(role)).join(','), tls, name: role, log })
}

function passwords(): Record<string, string> {
  return Object.fromEntries(natsRoles.map((role) => [`WEIR_NATS_PASSWORD_${role.toUpperCase()}`, password(role)]))
}

function password(role: string): string {
  return `p-${role}`
}
