import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mintToken } from '@weir/mesh'
import { defaultTenant, WeirError } from '@weir/proto'
import { bun } from '../checkout/programs.ts'
import { limits } from '../limits.ts'
import { Child, type ChildDeclaration } from '../up/child.ts'
import { derivedSecret } from '../up/derived-secret.ts'
import { Leash } from '../up/leash.ts'
import { answers, environmentWith, postgresChild } from '../up/parts.ts'
import { isFreePort } from '../up/ports.ts'
import type { Running, StateFolder } from '../up/state-folder.ts'
import type { Demo, DemoProgram, Grants } from './demo.ts'

export interface DemoContext {
  readonly demo: Demo
  readonly state: StateFolder
  readonly running: Running
  /** Events a second of its producers; their own rate without it. */
  readonly rate: number | undefined
  /** Of all chance in its producers. */
  readonly seed: string
  /** Says in a sentence what happened since: a crash, a restart. */
  readonly say: (sentence: string) => void
}

/** The processes of a demo, started in their order and supervised. */
export class DemoPrograms {
  readonly #context: DemoContext
  readonly #leash = new Leash()
  readonly #children: Child[] = []

  constructor(context: DemoContext) {
    this.#context = context
  }

  /** Comes back when all are ready. Throws when one is not; the caller then stops the others. */
  async start(): Promise<void> {
    const { demo, state, running } = this.#context
    for (const program of demo.programs) {
      if (hasOwnDatabase(program)) {
        const { postgresPassword } = state.secrets()
        await this.#run(postgresChild(`${demo.name}-postgres`, state, databasePort(running, program), postgresPassword))
      }
      await this.#run(await this.#declare(program))
    }
  }

  /** Process ids by the names of the programs. */
  pids(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#children.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid]])))
  }

  async stop(): Promise<void> {
    for (const child of this.#children.toReversed()) await child.stop()
    this.#leash.close()
  }

  kill(): void {
    for (const child of this.#children) child.kill()
    this.#leash.close()
  }

  async #run(declaration: ChildDeclaration): Promise<void> {
    const child = new Child(declaration, this.#leash, this.#context.say)
    this.#children.push(child)
    await child.start()
  }

  async #declare(program: DemoProgram): Promise<ChildDeclaration> {
    const { demo, state, running, rate, seed } = this.#context
    const { addresses } = running
    const { jwtSecret, postgresPassword } = state.secrets()
    const port = program.port === undefined ? undefined : programPort(running, program)
    const database = `postgres://postgres:${postgresPassword}@127.0.0.1:${databasePort(running, program)}/postgres`
    return {
      name: program.name,
      command: [bun, join(demo.folder, program.run)],
      env: environmentWith({
        WEIR_HUB_URL: addresses.hub,
        WEIR_INGEST_URL: addresses.ingest,
        WEIR_PROJECTOR_URL: addresses.projector,
        WEIR_TOKEN: await grantedToken(jwtSecret, `${demo.name}-${program.name}`, program),
        DEMO_SEED: seed,
        DEMO_PROGRAM: program.name,
        DEMO_FOLDER: state.at('demos', demo.name, program.name),
        ...(rate === undefined ? {} : { DEMO_RATE: rate }),
        ...(port === undefined ? {} : { DEMO_PORT: port }),
        ...(program.postgres ? { DATABASE_URL: process.env.DEMO_DATABASE_URL ?? database } : {}),
        ...Object.fromEntries(demo.secrets.map((variable) => [variable, derivedSecret(jwtSecret, variable)])),
        ...(program.signs ? { WEIR_JWT_SECRET: jwtSecret } : {}),
      }),
      logPath: state.at('logs', `${demo.name}-${program.name}.log`),
      isReady: () => (port === undefined ? Promise.resolve(true) : answers(`http://127.0.0.1:${port}/readyz`)),
    }
  }
}

/**
 * Throws `conflict` when another program has a port of the demo, and still has it after `waitMs`.
 */
export async function refuseTakenPorts({ name, programs }: Demo, hubPort: number, waitMs: number): Promise<void> {
  const deadline = Date.now() + waitMs
  for (const program of programs) {
    if (program.port === undefined) continue
    const listeners = [{ listener: program.name, port: hubPort + program.port }]
    if (hasOwnDatabase(program)) {
      listeners.push({ listener: `the database of ${program.name}`, port: hubPort + program.port + 1 })
    }
    for (const { listener, port } of listeners) {
      if (await isFreeBy(port, deadline)) continue
      throw new WeirError(
        'conflict',
        `Port ${port} (${listener}) is taken by another program, as a "weir demo ${name}" that runs already: stop it first.`,
      )
    }
  }
}

async function isFreeBy(port: number, deadline: number): Promise<boolean> {
  while (!(await isFreePort(port))) {
    if (Date.now() >= deadline) return false
    await sleep(limits.portsPollMs)
  }
  return true
}

/** Whether an embedded Postgres is started for a program. */
function hasOwnDatabase({ postgres }: DemoProgram): boolean {
  return postgres && process.env.DEMO_DATABASE_URL === undefined
}

/** A token of the default tenant with these grants alone. */
export function grantedToken(jwtSecret: string, subject: string, { publish, subscribe }: Grants): Promise<string> {
  const ttlSeconds = limits.printedTokenSeconds
  return mintToken(jwtSecret, { tenant: defaultTenant, subject, publish, subscribe, ttlSeconds })
}

/** Where a program with a port listens. */
export function programPort({ addresses }: Running, { port = 0 }: DemoProgram): number {
  return Number(new URL(addresses.hub).port) + port
}

function databasePort(running: Running, program: DemoProgram): number {
  return programPort(running, program) + 1
}
