import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileOf, onCore, pinnedNode } from './programs.ts'

/**
 * A peer of a benchmark: a script that says on its first line of output where it listens. It runs
 * on the hub's core.
 */
export class PeerProcess {
  readonly pid: number
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.pid = child.pid ?? 0
    this.port = port
  }

  /** `script` is a path from the root of the checkout. */
  static start(script: string, args: readonly string[]): Promise<PeerProcess> {
    const flags = ['--disable-warning=ExperimentalWarning']
    const [command = '', ...rest] = onCore(0, [pinnedNode(), ...flags, fileOf(script), ...args])
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
    return new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`${script} ended with ${code} at its start`)))
      createInterface({ input: child.stdout }).once('line', (line) => {
        resolve(new PeerProcess(child, (JSON.parse(line) as { port: number }).port))
      })
    })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }
}
