import process from 'node:process'
import { WeirError } from '@weir/proto'
import type { Health } from './health.ts'
import type { Logger } from './log.ts'

/** A piece of a service that is started and stopped as one. */
export interface Part {
  readonly name: string
  /** Resolves when the part does its work; rejects when it cannot. */
  start(): Promise<void>
  /** Resolves when what was begun is finished and nothing of the part is left. Called only after start has resolved. */
  drain(): Promise<void>
}

export interface ServiceOptions {
  readonly name: string
  /** In the order of their start; the reverse is the order of their drain. */
  readonly parts: readonly Part[]
  readonly log: Logger
  /** Not ready before the last part has started, nor after the first signal. */
  readonly health: Health
  /** The deadline of the whole drain. */
  readonly drainMs: number
}

/**
 * Runs a service until SIGTERM or SIGINT, then ends the process: with 0 after a clean drain; with 1 when a part cannot start
 * or drain, when the drain passes its deadline, at a second signal, and when an error reaches nobody.
 */
export async function runService({ name, parts, log, health, drainMs }: ServiceOptions): Promise<never> {
  health.set('start', false, 'starting')
  exitOnLostErrors(log)
  const stopped = firstSignal(log)
  // Parts may hold nothing that keeps the process alive.
  setInterval(() => {}, 2 ** 30)

  const started: Part[] = []
  let code = 0
  try {
    await Promise.race([start(parts, started), stopped])
    health.set('start', true)
    if (started.length === parts.length) log.info('ready')
    const signal = await stopped
    log.info({ signal }, 'draining')
  } catch (cause) {
    sayWhyNot(name, parts[started.length]?.name, cause, log)
    code = 1
  }
  health.draining()
  setTimeout(() => {
    log.error({ drainMs }, 'the drain took too long')
    process.exit(1)
  }, drainMs)
  if (!(await drain(started, log))) code = 1
  log.info({ code }, 'stopped')
  process.exit(code)
}

/** What an operator can mend is said in one sentence, without the stack that a fault of this code is logged with. */
function sayWhyNot(name: string, part: string | undefined, cause: unknown, log: Logger): void {
  if (cause instanceof WeirError && cause.code !== 'internal') {
    const reason = cause.cause instanceof Error ? { reason: cause.cause.message } : {}
    log.fatal({ part, code: cause.code, ...reason }, `${name} cannot start: ${cause.message}`)
  } else log.fatal({ err: cause, part }, `${name} cannot start`)
}

async function start(parts: readonly Part[], started: Part[]): Promise<void> {
  for (const part of parts) {
    await part.start()
    started.push(part)
  }
}

/** Whether every part drained. One that does not, does not keep the others from it. */
async function drain(started: readonly Part[], log: Logger): Promise<boolean> {
  let clean = true
  for (const part of started.toReversed()) {
    try {
      await part.drain()
    } catch (cause) {
      log.error({ err: cause, part: part.name }, 'a part did not drain')
      clean = false
    }
  }
  return clean
}

function firstSignal(log: Logger): Promise<string> {
  return new Promise((resolve) => {
    let count = 0
    const onSignal = (signal: string): void => {
      if (++count > 1) {
        log.warn({ signal }, 'a second signal: stopping at once')
        process.exit(1)
      }
      resolve(signal)
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
}

function exitOnLostErrors(log: Logger): void {
  const exit = (cause: unknown): void => {
    log.fatal({ err: cause }, 'an error reached nobody')
    process.exit(1)
  }
  process.on('uncaughtException', exit)
  process.on('unhandledRejection', exit)
}
