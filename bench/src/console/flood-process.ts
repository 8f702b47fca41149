import { type ChildProcess, spawn } from 'node:child_process'
import { fileOf, pinnedNode } from '../processes/programs.ts'
import type { Flooded } from './flood.ts'

/** A flood in a process of its own, until it is ended. */
export class FloodProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #said = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#ended = new Promise((resolve) => child.once('close', resolve))
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString()
    })
  }

  static start(natsUrl: string, perSecond: number, subjects: number): FloodProcess {
    const flags = ['--disable-warning=ExperimentalWarning']
    const args = [...flags, fileOf('bench/src/console/flood.ts'), natsUrl, String(perSecond), String(subjects)]
    return new FloodProcess(spawn(pinnedNode(), args, { stdio: ['pipe', 'pipe', 'inherit'] }))
  }

  /** Events a second that the stream stored. */
  async end(): Promise<number> {
    this.#child.stdin?.end()
    const code = await this.#ended
    if (code !== 0) throw new Error(`flood.ts ended with ${code}.`)
    const { events, seconds } = JSON.parse(this.#said) as Flooded
    return events / seconds
  }
}
