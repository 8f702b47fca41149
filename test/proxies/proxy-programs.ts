import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../cli/src/up/ports.ts'
import { until } from '../cli/test/processes.ts'
import type { RunningMesh } from './running-mesh.ts'
import { root } from './source-files.ts'

/**
 * A proxy as docs/proxies.md shows it, with the ports of a mesh, and more connections an address.
 */
export interface Proxy {
  readonly program: string
  /** Why it cannot be run here; false when it can. */
  readonly skip: string | false
  /**
   * Writes what the program needs to a folder; its arguments. `block` is the fenced block of the
   * document with this info string.
   */
  prepare(block: (info: string) => string, folder: string, port: number): readonly string[]
}

export const proxies: readonly Proxy[] = [
  proxy('nginx', (block, folder, port) => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    )
    const server = block('nginx').replace('listen 80;', `listen 127.0.0.1:${port};`)
    const http = `access_log off; ${temporary.join(' ')}\n${server.replace('limit_conn addresses 1000', 'limit_conn addresses 20000')}`
    const head = `daemon off; worker_processes 4; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;`
    const config = `${head}\nevents { worker_connections 20000; }\nhttp { ${http} }\n`
    return ['-p', folder, '-c', written(folder, 'nginx.conf', config)]
  }),
  proxy('caddy', (block, folder, port) => {
    const site = block('caddyfile').replace(':80 {', `http://127.0.0.1:${port} {`)
    const config = `{\n\tadmin off\n\tauto_https off\n}\n${site}`
    return ['run', '--adapter', 'caddyfile', '--config', written(folder, 'Caddyfile', config)]
  }),
  proxy('haproxy', (block, folder, port) => {
    const config = block('haproxy').replace('bind :80', `bind 127.0.0.1:${port}`).replace('gt 1000', 'gt 20000')
    return ['-f', written(folder, 'haproxy.cfg', config)]
  }),
  proxy('envoy', (block, folder, port) => {
    const listener = `address: 127.0.0.1, port_value: ${port}`
    const config = block('yaml envoy').replace('address: 0.0.0.0, port_value: 80', listener)
    return ['-c', written(folder, 'envoy.yaml', config), '--use-dynamic-base-id', '--log-level', 'warn']
  }),
  proxy('traefik', (block, folder, port) => {
    const routes = block('yaml traefik-weir').replace('amount: 1000', 'amount: 20000')
    const file = written(folder, 'traefik-weir.yaml', routes)
    const config = block('yaml traefik').replace('":80"', `"127.0.0.1:${port}"`).replace('/etc/traefik/weir.yaml', file)
    return [`--configFile=${written(folder, 'traefik.yaml', config)}`]
  }),
]

function proxy(name: string, prepare: Proxy['prepare']): Proxy {
  const brought = join(root, '.tools/proxies', name)
  const program = existsSync(brought) ? brought : name
  const skip = spawnSync(program, ['-v']).error !== undefined && `${name} is not there`
  return { program: name, skip, prepare }
}

/** A proxy that runs, in front of a mesh. */
export class RunningProxy {
  /** With the prefix of the document. */
  readonly url: string
  readonly port: number
  readonly #child: ChildProcess

  private constructor(port: number, child: ChildProcess) {
    this.url = `http://127.0.0.1:${port}/weir`
    this.port = port
    this.#child = child
  }

  /** Resolves when it serves. Throws with what it wrote when it ends before. */
  static async start({ program, prepare }: Proxy, mesh: RunningMesh, folder: string): Promise<RunningProxy> {
    mkdirSync(folder, { recursive: true })
    const [port = 0] = await freePorts(1)
    const args = prepare((info) => blockOf(info, mesh), folder, port)
    const brought = join(root, '.tools/proxies', program)
    // Caddy keeps its state below HOME.
    const env = { PATH: process.env.PATH, HOME: folder }
    const child = spawn(existsSync(brought) ? brought : program, args, { cwd: folder, env })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        if (said.length < 20_000) said += chunk
      })
    }
    const running = new RunningProxy(port, child)
    try {
      await until(`${program} serves`, async () => {
        if (child.exitCode !== null) throw new Error(`${program} has ended:\n${said}`)
        return await fetch(`${running.url}/v1/config`).then(
          (response) => response.ok,
          () => false,
        )
      })
    } catch (thrown) {
      await running.stop()
      throw thrown
    }
    return running
  }

  /** Resident memory of it and its workers, bytes; NaN where there is no /proc. */
  get residentBytes(): number {
    const pid = this.#child.pid ?? 0
    try {
      const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
      return [pid, ...workers.map(Number)].reduce((sum, each) => {
        const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1]
        return sum + Number(kibibytes) * 1024
      }, 0)
    } catch {
      return Number.NaN
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    // nginx killed outright would leave its workers.
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await ended
    clearTimeout(timer)
  }
}

const document = readFileSync(join(root, 'docs/proxies.md'), 'utf8')

/** A fenced block of the document, with the ports of this mesh. */
function blockOf(info: string, mesh: RunningMesh): string {
  const block = new RegExp(`^\`\`\`${info}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(document)?.[1]
  if (block === undefined) throw new Error(`docs/proxies.md has no block of ${info}`)
  const { hub, ingest, projector, admin } = mesh.running.addresses
  const ports = { 8080: hub, 8081: ingest, 8082: projector, 9080: admin.hub, 9081: admin.ingest, 9082: admin.projector }
  return Object.entries(ports).reduce(
    (text, [port, address]) => text.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), new URL(address).port),
    block,
  )
}

function written(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
