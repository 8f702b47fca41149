import process from 'node:process'
import type { Health } from './health.ts'
import type { Logger } from './log.ts'

/** A piece of a service that is started and stopped as one. */
export interface Part {
  readonly name: string
  /** Resolves when the part does its work; rejects when it cannot. */
  start(): Promise<void>
  /** Resolves when what was begun is finished and nothing of the part is left. */
  drain(): Promise<void>
}

export interface ServiceOptions {
  readonly name: string
  readonly parts: readonly Part[]
  readonly log: Logger
  readonly health: Health
  /** The deadline of the whole drain. */
  readonly drainMs: number
}

/**
 * Runs a service until SIGTERM or SIGINT: starts its parts in order and drains them in reverse. Ends the process: with 0
 * after a clean drain; with 1 when a part fails, the drain passes its deadline, or an error reaches nobody. A second
 * signal ends it at once.
 */
export async function runService(options: ServiceOptions): Promise<never> {
  const { name, parts, log, health, drainMs } = options
  const stop = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        process.on(signal, () => process.exit(1))
        resolve(signal)
      })
    }
  })
  const fatal = (cause: unknown): never => {
    log.fatal({ err: cause }, 'an error reached nobody; the service stops')
    process.exit(1)
  }
  process.on('uncaughtException', fatal)
  process.on('unhandledRejection', fatal)

  const started: Part[] = []
  let code = 0
  try {
    for (const part of parts) {
      started.push(part)
      await part.start()
    }
    log.info('ready')
    log.info({ signal: await stop }, 'draining')
  } catch (cause) {
    log.fatal({ err: cause }, `${name} could not start`)
    code = 1
  }
  health.draining()
  const deadline = setTimeout(() => {
    log.error({ drainMs }, 'the drain took too long')
    process.exit(1)
  }, drainMs)
  for (const part of started.reverse()) {
    try {
      await part.drain()
    } catch (cause) {
      log.error({ err: cause, part: part.name }, 'a part did not drain')
      code = 1
    }
  }
  clearTimeout(deadline)
  log.info({ code }, 'stopped')
  process.exit(code)
}
