import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { freePort } from '@weir/mesh/testing'
import { cpuSeconds } from '../processes/process-usage.ts'
import { fileOf, onCore, pinnedNode } from '../processes/programs.ts'

/**
 * One address before several hubs: processes that share a port and pass each connection to the hub
 * with the fewest. Several, as a process may open 20,000 files and each connection takes two.
 */
export class Balancer {
  readonly port: number
  readonly #workers: readonly BalancerWorker[]

  private constructor(port: number, workers: readonly BalancerWorker[]) {
    this.port = port
    this.#workers = workers
  }

  static async start(processes: number): Promise<Balancer> {
    const port = await freePort()
    const workers: BalancerWorker[] = []
    for (let at = 0; at < processes; at++) workers.push(new BalancerWorker(port))
    await Promise.all(workers.map((worker) => worker.answer()))
    return new Balancer(port, workers)
  }

  /** Sends new connections to these hubs alone. Those that are there stay where they are. */
  async target(hubs: readonly { readonly port: number }[]): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.target(hubs.map(({ port }) => port))))
  }

  get cpuSeconds(): number {
    return this.#workers.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()))
  }
}

class BalancerWorker {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #lines: Interface
  readonly #ended: Promise<never>

  constructor(port: number) {
    const flags = ['--disable-warning=ExperimentalWarning']
    const script = fileOf('bench/src/scale/balancer-worker.ts')
    const [command = '', ...args] = onCore(1, [pinnedNode(), ...flags, script, String(port)])
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.pid = this.#child.pid ?? 0
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })
    this.#ended = once(this.#child, 'exit').then(() => {
      throw new Error('a process of the balancer has ended')
    })
    // It ends when it is stopped, too.
    this.#ended.catch(() => undefined)
  }

  /** Resolves when it has said its next line. Throws when it ends before. */
  async answer(): Promise<void> {
    await Promise.race([once(this.#lines, 'line'), this.#ended])
  }

  async target(ports: readonly number[]): Promise<void> {
    const answered = this.answer()
    this.#child.stdin?.write(`${JSON.stringify(ports)}\n`)
    await answered
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
