import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { mintToken } from '@weir/mesh'
import { fileOf, onCore, pinnedNode } from '../processes/programs.ts'

const secret: string = crypto.randomUUID() + crypto.randomUUID()

export interface HubProcessOptions {
  readonly natsUrl: string
  readonly settings?: Readonly<Record<string, string>>
  /** Opens its inspector, for Inspector: some benchmarks need its heap collected, or a profile. */
  readonly inspect?: boolean
}

/** A real hub as a process of its own: hub/src/main.ts on the pinned Node. */
export class HubProcess {
  readonly pid: number
  readonly port: number
  readonly adminPort: number
  readonly inspectorUrl: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number, adminPort: number, inspectorUrl: string) {
    this.#child = child
    this.pid = child.pid ?? 0
    this.port = port
    this.adminPort = adminPort
    this.inspectorUrl = inspectorUrl
  }

  static start({ natsUrl, settings = {}, inspect = false }: HubProcessOptions): Promise<HubProcess> {
    const flags = ['--disable-warning=ExperimentalWarning', ...(inspect ? ['--inspect=127.0.0.1:0'] : [])]
    const [command = '', ...args] = onCore(0, [pinnedNode(), ...flags, fileOf('hub/src/main.ts')])
    const child = spawn(command, args, {
      env: {
        ...process.env,
        WEIR_NATS_URL: natsUrl,
        WEIR_JWT_SECRET: secret,
        WEIR_HUB_PORT: '0',
        WEIR_HUB_ADMIN_PORT: '0',
        WEIR_DRAIN_SECONDS: '1',
        WEIR_LOG_LEVEL: 'info',
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new Promise((resolve, reject) => {
      let said = ''
      child.stderr.on('data', (chunk: Buffer) => {
        if (said.length < 10_000) said += chunk.toString()
      })
      child.once('exit', (code) => reject(new Error(`the hub ended with ${code} at its start:\n${said}`)))
      createInterface({ input: child.stdout }).on('line', (line) => {
        const { msg, port, adminPort, level } = JSON.parse(line) as Record<'msg' | 'level', string> &
          Record<'port' | 'adminPort', number>
        if (msg === 'listening') {
          resolve(new HubProcess(child, port, adminPort, /ws:\/\/\S+/.exec(said)?.[0] ?? ''))
          return
        }
        if (loud.includes(level)) process.stderr.write(`hub: ${line}\n`)
        // It exits then, but with an inspector only when that has gone: so its clients would wait
        // for nothing.
        if (level === 'fatal') child.kill('SIGKILL')
      })
    })
  }

  /** What /metrics says, by name without the prefix of the service. */
  async metrics(): Promise<Readonly<Record<string, number>>> {
    const text = await (await fetch(`http://127.0.0.1:${this.adminPort}/metrics`)).text()
    const found = text.matchAll(/^weir_hub_(\w+) ([\d.e+-]+)$/gm)
    return Object.fromEntries([...found].map(([, name, value]) => [name, Number(value)]))
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill(signal)
    await ended
  }
}

const loud: readonly string[] = ['warn', 'error', 'fatal']

/** A token that subscribes to everything, for the hubs that this process starts. */
export function benchToken(subject = 'bench'): Promise<string> {
  return mintToken(secret, { tenant: 'main', subject, publish: [], subscribe: ['>'], ttlSeconds: 3600 })
}
