import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** The projector as a process of its own, on free ports. */
export class ProjectorProcess {
  readonly #child: ChildProcess
  #output = ''
  readonly url: string
  readonly adminUrl: string

  private constructor(child: ChildProcess, ports: { readonly api: number; readonly admin: number }) {
    this.#child = child
    this.url = `http://127.0.0.1:${ports.api}`
    this.adminUrl = `http://127.0.0.1:${ports.admin}`
  }

  /** Resolves when its ports listen; rejects with what it said when it ends before. */
  static async start(env: Readonly<Record<string, string>>): Promise<ProjectorProcess> {
    const child = spawn(runtime, [main], {
      env: {
        PATH: process.env.PATH ?? '',
        WEIR_PROJECTOR_PORT: '0',
        WEIR_PROJECTOR_ADMIN_PORT: '0',
        WEIR_JWT_SECRET: testSecret,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const ports = await new Promise<{ api: number; admin: number }>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        output += chunk.toString()
        const found = /"port":(\d+),"adminPort":(\d+)/.exec(output)
        if (found !== null) resolve({ api: Number(found[1]), admin: Number(found[2]) })
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.once('exit', (code) => reject(new Error(`the projector ended with ${code}:\n${output}`)))
    })
    const started = new ProjectorProcess(child, ports)
    started.#output = output
    child.stdout.on('data', (chunk: Buffer) => {
      started.#output += chunk.toString()
    })
    return started
  }

  /** All that it logged. */
  get output(): string {
    return this.#output
  }

  /** Resolves when every projection runs. */
  async ready(): Promise<void> {
    for (const end = performance.now() + readyMs; !(await fetch(`${this.adminUrl}/readyz`)).ok; ) {
      if (performance.now() > end) throw new Error(`The projector does not become ready:\n${this.#output}`)
      await sleep(50)
    }
  }

  async health(): Promise<{ ready: boolean; parts: Record<string, { ok: boolean; detail?: string }> }> {
    return (await (await fetch(`${this.adminUrl}/readyz`)).json()) as never
  }

  /** SIGTERM; resolves with the exit code, null when it had to be killed. */
  async stop(): Promise<number | null> {
    const late = setTimeout(() => this.#child.kill('SIGKILL'), stopMs)
    return await this.#end('SIGTERM').finally(() => clearTimeout(late))
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
    return new Promise((resolve) => {
      child.once('exit', (code) => resolve(code))
      child.kill(signal)
    })
  }
}

const readyMs = 60_000

/** A projector that has not ended for so long never will. */
const stopMs = 30_000

export const testSecret = 'a secret for tests of at least 32 bytes'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** The Bun that the service runs on, or this Node where there is none. */
const bun = fileURLToPath(new URL('../../.tools/bin/bun', import.meta.url))
const runtime = existsSync(bun) ? bun : process.execPath
