import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lastLines } from '../cli/src/up/log-file.ts'
import { freePortBase } from '../cli/src/up/ports.ts'
import type { Running } from '../cli/src/up/state-folder.ts'
import { endWithTest } from '../mesh/src/testing/end-with-test.ts'
import { copyNewPostgres } from './postgres-data.ts'

const entry = fileURLToPath(new URL('../weir', import.meta.url))

/** What `weir demo --json` says of the demo. */
export interface RunningDemo {
  readonly name: string
  readonly pages: readonly { readonly title: string; readonly url: string; readonly token?: string }[]
  /** Of its programs, by their names. */
  readonly pids: Readonly<Record<string, number>>
}

/** What `weir up` says, or a part that found a free port taken a moment later. */
const portTaken = /taken by another program|is taken: stop what listens there|EADDRINUSE/

/** A mesh that is not ready by then is ended: twice what it gives one of its parts. */
const startMs = 120_000

/** Of each log in the error of a mesh that did not start. */
const logLinesShown = 8

/** What a finished `weir` command left. */
export interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A `weir up` of a test's own: on free ports, in a folder that goes away with it. */
export class RunningMesh {
  readonly folder: string
  readonly portBase: number
  readonly #up: ChildProcess
  readonly #spawned: ChildProcess[] = []
  /** What it has said on standard error. */
  readonly said: () => string
  /** What it printed when it was ready. */
  readonly running: Running & { readonly demo?: RunningDemo }

  private constructor(
    folder: string,
    portBase: number,
    up: ChildProcess,
    running: RunningMesh['running'],
    said: () => string,
  ) {
    this.folder = folder
    this.portBase = portBase
    this.#up = up
    this.running = running
    this.said = said
  }

  /**
   * Starts in a new folder or, to begin again with what is stored, in one that another left. Where
   * there is no `.weir` its Postgres is a copy, which is there at once.
   */
  static async start(
    folder: string = mkdtempSync(join(tmpdir(), 'weir-e2e-')),
    settings: Readonly<Record<string, string>> = {},
    options: readonly string[] = [],
    command: readonly string[] = ['up'],
  ): Promise<RunningMesh> {
    if (!existsSync(join(folder, '.weir'))) await copyNewPostgres(join(folder, '.weir/postgres'))
    // Others on this machine look for free ports at the same time.
    for (let attempt = 1; ; attempt++) {
      const portBase = (await freePortBase(18_080 + 100 * Math.floor(Math.random() * 140))) ?? 18_080
      try {
        return await RunningMesh.#startAt(portBase, folder, settings, [...command, '--json', ...options])
      } catch (thrown) {
        if (attempt === 3 || !portTaken.test(String(thrown))) throw thrown
      }
    }
  }

  /** Starts a demo of examples/ on a mesh of its own. */
  static async demo(
    name: string,
    options: readonly string[] = [],
    settings: Readonly<Record<string, string>> = {},
  ): Promise<RunningMesh> {
    const folder = mkdtempSync(join(tmpdir(), 'weir-e2e-'))
    // Of the mesh, and of a program of the demo that has one.
    for (const database of ['postgres', `${name}-postgres`]) await copyNewPostgres(join(folder, '.weir', database))
    return await RunningMesh.start(folder, settings, options, ['demo', name])
  }

  static async #startAt(
    portBase: number,
    folder: string,
    settings: Readonly<Record<string, string>>,
    args: readonly string[],
  ): Promise<RunningMesh> {
    const began = Date.now()
    const up = spawn(entry, args, {
      cwd: folder,
      env: { ...environment(portBase), ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let err = ''
    up.stderr.on('data', (text: Buffer) => {
      err += text
    })
    // Its parts are on a leash and end with it.
    endWithTest(up)
    const overdue = setTimeout(() => up.kill('SIGKILL'), startMs)
    let out = ''
    for await (const text of up.stdout) {
      out += text
      if (out.includes('\n')) break
    }
    clearTimeout(overdue)
    if (!out.includes('\n')) {
      const after = `${((Date.now() - began) / 1000).toFixed(1)} s`
      throw new Error(`weir ${args[0]} did not become ready and ended after ${after}:\n${err}${logEnds(folder)}`)
    }
    return new RunningMesh(folder, portBase, up, JSON.parse(out) as RunningMesh['running'], () => err)
  }

  get pid(): number {
    return this.running.pid
  }

  /** Runs a `weir` command in the folder of the mesh. */
  weir(...args: string[]): Promise<Outcome> {
    return weir(this.folder, environment(this.portBase), ...args)
  }

  /** Begins a `weir` command that goes on until it is killed, at the latest with the mesh. */
  spawn(...args: string[]): ChildProcess {
    const child = spawn(entry, args, { cwd: this.folder, env: environment(this.portBase) })
    this.#spawned.push(child)
    endWithTest(child)
    return child
  }

  /** Ends `weir up` itself by a signal; its exit code. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#up.exitCode !== null || this.#up.signalCode !== null) return this.#up.exitCode
    const ended = once(this.#up, 'exit')
    this.#up.kill(signal)
    await ended
    return this.#up.exitCode
  }

  /** Ends it and removes its folder. */
  async dispose(): Promise<void> {
    for (const child of this.#spawned) child.kill('SIGKILL')
    await this.end('SIGTERM')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The last lines of each log of the mesh in a folder. */
function logEnds(folder: string): string {
  const logs = join(folder, '.weir', 'logs')
  const names = existsSync(logs) ? readdirSync(logs) : []
  return names.map((name) => lastLines(join(logs, name), 0, logLinesShown)).join('\n')
}

/**
 * Runs a `weir` command to its end. One that does not end is ended after a minute, so that it
 * fails its own test with what it wrote.
 */
export async function weir(cwd: string, env: NodeJS.ProcessEnv, ...args: string[]): Promise<Outcome> {
  const child = spawn(entry, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
  let out = ''
  let err = ''
  child.stdout.on('data', (text: Buffer) => {
    out += text
  })
  child.stderr.on('data', (text: Buffer) => {
    err += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

function environment(portBase: number): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env
  return { PATH, HOME, WEIR_PORT_BASE: String(portBase) }
}
