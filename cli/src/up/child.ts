import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs, WeirError } from '@weir/proto'
import { limits } from '../limits.ts'
import type { Leash } from './leash.ts'
import { boundLog, lastLines, logBytes } from './log-file.ts'

/** What `weir up` has to know to run one process of the mesh. */
export interface ChildDeclaration {
  readonly name: string
  readonly command: readonly [program: string, ...args: string[]]
  readonly env: Readonly<Record<string, string>>
  /** Where its output goes. */
  readonly logPath: string
  /** Whether it does its work now. Asked again and again after a start. */
  readonly isReady: () => Promise<boolean>
}

/**
 * One supervised process: started until it is ready, started again with growing waits when it ends
 * unasked.
 */
export class Child {
  readonly name: string
  readonly #declaration: ChildDeclaration
  readonly #leash: Leash
  readonly #say: (sentence: string) => void
  readonly #stopping = new AbortController()
  #child: ChildProcess | undefined
  /** What stands before this byte of the log is of an earlier process. */
  #logBeginsAt = 0
  #ended: Promise<string> = Promise.resolve('')

  constructor(declaration: ChildDeclaration, leash: Leash, say: (sentence: string) => void) {
    this.name = declaration.name
    this.#declaration = declaration
    this.#leash = leash
    this.#say = say
  }

  get logPath(): string {
    return this.#declaration.logPath
  }

  /** The process that runs now. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /**
   * Comes back when the part is ready, and supervises it from then on. Throws `unavailable` with
   * the end of its log when it is not.
   */
  async start(): Promise<void> {
    const ended = this.#spawn()
    const problem = await this.#untilReady(ended)
    if (problem !== undefined) {
      const log = lastLines(this.logPath, this.#logBeginsAt, limits.logLinesShown)
      throw new WeirError('unavailable', `${this.name} did not start: it ${problem}.\n${log}`)
    }
    void this.#supervise(ended)
  }

  /** Asks the process to end, kills it when it does not, and comes back when it is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    const child = this.#child
    if (child?.pid === undefined) return
    signal(child, 'SIGTERM')
    const timer = setTimeout(() => signal(child, 'SIGKILL'), limits.stopMs)
    await this.#ended
    clearTimeout(timer)
  }

  /** Ends the process at once. */
  kill(): void {
    this.#stopping.abort()
    if (this.#child !== undefined) signal(this.#child, 'SIGKILL')
  }

  /** How the process ended, in words. */
  #spawn(): Promise<string> {
    const { command, env, logPath } = this.#declaration
    const [program, ...args] = command
    boundLog(logPath)
    this.#logBeginsAt = logBytes(logPath)
    const log = openSync(logPath, 'a', 0o600)
    // A process group of its own: Ctrl-C in the terminal reaches `weir up` alone, which then stops
    // the parts in order.
    const child = spawn(program, args, { env, detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    this.#child = child
    const { pid } = child
    if (pid !== undefined) this.#leash.hold(pid)
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(`could not be run (${error.message})`))
      child.once('exit', (code, by) => resolve(by === null ? `ended with exit code ${code}` : `was ended by ${by}`))
    })
    void this.#ended.then(() => {
      this.#child = undefined
      if (pid !== undefined) this.#leash.letGo(pid)
    })
    return this.#ended
  }

  /**
   * Undefined when the part is ready, otherwise why it is not. Gives up when the process has ended.
   */
  async #untilReady(ended: Promise<string>): Promise<string | undefined> {
    let how: string | undefined
    void ended.then((words) => {
      how = words
    })
    const deadline = Date.now() + limits.readyMs
    for (
      let waitMs: number = limits.readyPollFirstMs;
      Date.now() < deadline;
      waitMs = Math.min(waitMs * 1.5, limits.readyPollMaxMs)
    ) {
      const ready = await this.#declaration.isReady().catch(() => false)
      if (how !== undefined || ready) return how
      await sleep(waitMs)
    }
    return `was not ready after ${limits.readyMs / 1000} s`
  }

  async #supervise(first: Promise<string>): Promise<void> {
    let ended = first
    let began = Date.now()
    let crashes = 0
    for (;;) {
      const how = await ended
      if (this.#stopping.signal.aborted) return
      if (Date.now() - began > limits.soundAfterMs) crashes = 0
      const waitMs = crashes === 0 ? 0 : backoffMs(crashes, limits.restartFirstMs, limits.restartMaxMs, wholeSpan)
      crashes++
      this.#say(`${this.name} ${how}; starting it again${waitMs === 0 ? '' : ` in ${waitMs / 1000} s`}.`)
      await sleep(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
      if (this.#stopping.signal.aborted) return
      began = Date.now()
      ended = this.#spawn()
      void this.#untilReady(ended).then((problem) => {
        if (problem === undefined) this.#say(`${this.name} is back.`)
      })
    }
  }
}

/**
 * Nothing else returns to what this part lost, so its waits need not be spread, and can be
 * announced.
 */
const wholeSpan = (): number => 1

/** To the whole process group of the child. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, name)
  } catch {
    // It has ended in the meantime.
  }
}
