import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../../cli/src/up/ports.ts'
import { until } from '../../cli/test/processes.ts'
import type { Certificate } from '../../deploy/test/certificates.ts'
import type { RunningMesh } from '../running-mesh.ts'
import { root } from '../source-files.ts'
import { type ProxyProgram, replaced } from './proxy-programs.ts'

/** What a proxy stands in front of, and what it shows to clients. */
export interface Front {
  readonly addresses: Pick<RunningMesh['running']['addresses'], 'hub' | 'ingest' | 'projector' | 'admin'>
  readonly certificate: Certificate
  /** Is made, and holds all that the program writes. */
  readonly folder: string
  /** After how long it ends what is quiet, in place of what the document has. */
  readonly quietSeconds?: number
}

/** A proxy that runs, in front of a mesh. */
export class RunningProxy {
  readonly proxy: ProxyProgram
  /** With the prefix of the document. */
  readonly url: string
  readonly port: number
  readonly #child: ChildProcess
  readonly #folder: string

  private constructor(proxy: ProxyProgram, port: number, child: ChildProcess, folder: string) {
    this.proxy = proxy
    this.url = `https://127.0.0.1:${port}/weir`
    this.port = port
    this.#child = child
    this.#folder = folder
  }

  /** Resolves when it serves. Throws with what it wrote when it ends before. */
  static async start(proxy: ProxyProgram, front: Front): Promise<RunningProxy> {
    const { folder, certificate } = front
    const { program } = proxy
    mkdirSync(folder, { recursive: true })
    const [port = 0] = await freePorts(1)
    const settings = new Settings(proxy, front)
    const args = proxy.prepare({ block: (info) => settings.block(info), folder, port, certificate })
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
    const running = new RunningProxy(proxy, port, child, folder)
    try {
      await until(`${program} serves (${said})`, async () => {
        if (child.exitCode !== null) throw new Error(`${program} has ended:\n${said}`)
        return await running.#answers('/v1/config')
      })
      settings.checkUsed()
    } catch (thrown) {
      await running.stop()
      throw new Error(`${program} does not serve:\n${said}`, { cause: thrown })
    }
    return running
  }

  /** Resident memory of it and its workers, bytes; NaN where there is no /proc. */
  get residentBytes(): number {
    try {
      return residentBytesOf(this.#child.pid ?? 0)
    } catch {
      return Number.NaN
    }
  }

  /** Changes its settings while it runs; resolves when it follows them. */
  async reload(): Promise<void> {
    const { reload, program } = this.proxy
    if (reload === undefined) throw new Error(`${program} does not change its settings`)
    const file = join(this.#folder, reload.file)
    writeFileSync(file, replaced(readFileSync(file, 'utf8'), reload.edits))
    if (reload.signal !== undefined) this.#child.kill(reload.signal)
    await until(`${program} follows its new settings`, () => this.#answers('/v1/changed'))
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

  #answers(path: string): Promise<boolean> {
    return fetch(this.url + path).then(
      (response) => response.body?.cancel().then(() => response.ok) ?? response.ok,
      () => false,
    )
  }
}

function residentBytesOf(pid: number): number {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return children.reduce((sum, child) => sum + residentBytesOf(Number(child)), Number(kibibytes) * 1024)
}

const document = readFileSync(join(root, 'docs/proxies.md'), 'utf8')

/** The blocks of the document, with the ports of a mesh. */
class Settings {
  readonly #front: Front
  readonly #timeouts: Set<string>

  constructor({ timeouts }: ProxyProgram, front: Front) {
    this.#front = front
    this.#timeouts = new Set(front.quietSeconds === undefined ? [] : timeouts)
  }

  block(info: string): string {
    const block = new RegExp(`^\`\`\`${info}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(document)?.[1]
    if (block === undefined) throw new Error(`docs/proxies.md has no block of ${info}`)
    const { hub, ingest, projector, admin } = this.#front.addresses
    const ports = {
      8080: hub,
      8081: ingest,
      8082: projector,
      9080: admin.hub,
      9081: admin.ingest,
      9082: admin.projector,
    }
    const text = Object.entries(ports).reduce(
      (result, [port, address]) => result.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), new URL(address).port),
      block,
    )
    return [...this.#timeouts].reduce((result, timeout) => {
      if (!result.includes(timeout)) return result
      this.#timeouts.delete(timeout)
      return result.replaceAll(timeout, timeout.replace(/\d+\w$/, `${this.#front.quietSeconds}s`))
    }, text)
  }

  /** Throws when a timeout stood in no block. */
  checkUsed(): void {
    if (this.#timeouts.size > 0) throw new Error(`docs/proxies.md has no ${[...this.#timeouts].join(', ')}`)
  }
}
