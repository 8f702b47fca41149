import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { mintToken } from '@weir/mesh'
import { fileOf } from '../processes/programs.ts'

const secret: string = crypto.randomUUID() + crypto.randomUUID()

/**
 * A real projector as a process of its own, on the Bun of the checkout; BENCH_PROJECTOR is another
 * command, as `bun --cpu-prof`.
 */
export class ProjectorProcess {
  readonly pid: number
  readonly port: number
  readonly #adminPort: number
  readonly #child: ChildProcess
  readonly #folder: string

  private constructor(child: ChildProcess, folder: string, port: number, adminPort: number) {
    this.pid = child.pid ?? 0
    this.port = port
    this.#adminPort = adminPort
    this.#child = child
    this.#folder = folder
  }

  /** @param projections the text of the file of projections */
  static async start(natsUrl: string, projections: string, databaseUrl?: string): Promise<ProjectorProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'weir-bench-'))
    const file = join(folder, 'projections.yaml')
    await writeFile(file, projections)
    const [command = '', ...args] = process.env.BENCH_PROJECTOR?.split(' ') ?? [fileOf('.tools/bin/bun')]
    const child = spawn(command, [...args, fileOf('projector/src/main.ts')], {
      env: {
        ...process.env,
        WEIR_NATS_URL: natsUrl,
        WEIR_JWT_SECRET: secret,
        WEIR_PROJECTOR_PORT: '0',
        WEIR_PROJECTOR_ADMIN_PORT: '0',
        WEIR_PROJECTIONS: file,
        ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const { api, admin } = await listeningPorts(child)
    return new ProjectorProcess(child, folder, api, admin)
  }

  /** One counter or gauge of a projection of the tenant main; 0 before it counts. */
  async metric(name: string, projection: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.#adminPort}/metrics`)).text()
    const line = `weir_projector_${name}{tenant="main",projection="${projection}"} `
    const at = text.indexOf(line)
    return at < 0 ? 0 : Number.parseFloat(text.slice(at + line.length))
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    await ended
    await rm(this.#folder, { recursive: true })
  }
}

/**
 * A token that reads everything of the tenant main, for the projectors that this process starts.
 */
export function readToken(): Promise<string> {
  return mintToken(secret, { tenant: 'main', subject: 'bench', publish: [], subscribe: ['>'], ttlSeconds: 3600 })
}

/** From the log lines that say where it listens. */
function listeningPorts(child: ChildProcess): Promise<{ readonly api: number; readonly admin: number }> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.once('exit', () => reject(new Error(`The projector ended at its start:\n${said}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      if (said.length < 100_000) said += chunk.toString()
      const ports = /"port":(\d+),"adminPort":(\d+)/.exec(said)
      if (ports !== null) resolve({ api: Number(ports[1]), admin: Number(ports[2]) })
    })
  })
}
