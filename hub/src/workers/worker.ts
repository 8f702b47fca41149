import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Logger } from '@weir/mesh'
import { WeirError } from '@weir/proto'
import { limits } from '../limits.ts'

/** One process of a hub that has several: started, and started again whenever it ends by itself. */
export class Worker {
  readonly number: number
  /** As a hub of its own, in Welcome and in the mesh. */
  readonly name: string
  readonly #options: WorkerOptions
  #child: ChildProcess | undefined
  #ports: WorkerPorts | undefined
  #stopping = false
  #failures = 0
  #restarts = 0

  constructor(number: number, options: WorkerOptions) {
    this.number = number
    this.name = `${options.hubName}-${number}`
    this.#options = options
  }

  /** Where its admin port is; undefined while it does not run. */
  get adminPort(): number | undefined {
    return this.#ports?.adminPort
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get restarts(): number {
    return this.#restarts
  }

  /** Resolves when it listens on the port. Throws `unavailable` when it ends before. */
  async start(port: number): Promise<void> {
    if (await this.#run(port)) return
    throw new WeirError('unavailable', `Worker ${this.number} ended at its start; its log says why.`)
  }

  /** Drains it; resolves with its exit code, 1 when it was killed. */
  async stop(): Promise<number> {
    this.#stopping = true
    const child = this.#child
    if (child === undefined) return 0
    const ended = exitOf(child)
    child.kill('SIGTERM')
    return ended
  }

  /** Whether it came to listen. */
  #run(port: number): Promise<boolean> {
    const child = fork(entry, {
      env: { ...process.env, ...environment(port, this) },
      // A signal of the terminal would come to it twice: from there and from here.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child = child
    const startedAt = performance.now()
    return new Promise((resolve) => {
      child.once('message', (ports) => {
        this.#ports = ports as WorkerPorts
        this.#options.log.info({ worker: this.number, pid: child.pid, ...this.#ports }, 'a worker listens')
        resolve(true)
      })
      void exitOf(child).then((code) => {
        resolve(false)
        this.#child = undefined
        const listened = this.#ports !== undefined
        this.#ports = undefined
        if (this.#stopping || !listened) return
        this.#options.log.error({ worker: this.number, code }, 'a worker ended by itself; it is started again')
        if (performance.now() - startedAt > limits.workerStableMs) this.#failures = 0
        void this.#restart(port)
      })
    })
  }

  async #restart(port: number): Promise<void> {
    for (;;) {
      await sleep(Math.min(limits.workerRestartMaxMs, limits.workerRestartMs * 2 ** this.#failures++))
      if (this.#stopping) return
      this.#restarts++
      if (await this.#run(port)) return
    }
  }
}

export interface WorkerOptions {
  readonly hubName: string
  readonly log: Logger
}

/** What a worker tells its supervisor when it listens. */
export interface WorkerPorts {
  readonly port: number
  readonly adminPort: number
}

const entry = fileURLToPath(new URL('../main.ts', import.meta.url))

function environment(port: number, worker: Worker): Readonly<Record<string, string>> {
  return {
    WEIR_HUB_WORKER: String(worker.number),
    WEIR_HUB_NAME: worker.name,
    WEIR_HUB_PORT: String(port),
    WEIR_HUB_ADMIN_PORT: '0',
  }
}

function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode)
  if (child.signalCode !== null) return Promise.resolve(1)
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1))
    child.once('error', () => resolve(1))
  })
}
