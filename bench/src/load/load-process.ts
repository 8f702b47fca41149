import { type ChildProcess, spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { fileOf, onCore, pinnedNode } from '../processes/programs.ts'
import type { LoadCommand, LoadCommands } from './load-plan.ts'

type Argument<C extends LoadCommand> = Parameters<LoadCommands[C]>[0]
type Answer<C extends LoadCommand> = Awaited<ReturnType<LoadCommands[C]>>

/** A load worker as the benchmark that started it sees it. */
export class LoadProcess {
  readonly #child: ChildProcess
  readonly #waiting: Map<number, Waiting> = new Map()
  #last = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => this.#answered(line))
    child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the load worker has ended'))
    })
  }

  static start(): LoadProcess {
    const [command = '', ...args] = onCore(1, [
      pinnedNode(),
      '--disable-warning=ExperimentalWarning',
      fileOf('bench/src/load/load-worker.ts'),
    ])
    return new LoadProcess(spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] }))
  }

  /**
   * Lowers the priority of this process, so that it takes no CPU from the measured ones on its
   * core. `false` restores it, which only root may.
   */
  yieldToOthers(yields: boolean): void {
    const { PRIORITY_LOW, PRIORITY_NORMAL } = constants.priority
    try {
      setPriority(this.#child.pid ?? 0, yields ? PRIORITY_LOW : PRIORITY_NORMAL)
    } catch {
      // Only root may take it back.
    }
  }

  ask<C extends LoadCommand>(
    name: C,
    ...[argument]: Argument<C> extends undefined ? [] : [Argument<C>]
  ): Promise<Answer<C>> {
    const id = ++this.#last
    this.#child.stdin?.write(`${JSON.stringify({ id, name, argument })}\n`)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject })
    })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }

  #answered(line: string): void {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string }
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(result)
    else waiting?.reject(new Error(`the load worker failed: ${error}`))
  }
}

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}
