import process from 'node:process'
import { WeirError } from '@weir/proto'
import type { Health } from './health.ts'
import type { Logger } from './log.ts'
import { Scope } from './scope.ts'

export interface ServiceOptions {
  readonly name: string
  /** Tells the start-up, step by step; resolves when the service does its work. */
  readonly start: (scope: Scope) => Promise<void>
  readonly log: Logger
  /** Not ready before the last step has started, nor after the first signal. */
  readonly health: Health
  /** The deadline of the whole drain. */
  readonly drainMs: number
}

/**
 * Runs a service until SIGTERM or SIGINT, then ends the process: with 0 after a clean drain; with 1
 * when a step cannot start or stop, when the drain passes its deadline, at a second signal, and
 * when an error reaches nobody.
 */
export async function runService({ name, start, log, health, drainMs }: ServiceOptions): Promise<never> {
  health.set('start', false, 'starting')
  exitOnLostErrors(log)
  const signalled = firstSignal(log)
  // Steps may leave nothing that keeps the process alive.
  setInterval(() => {}, 2 ** 30)

  const scope = new Scope(log)
  let code = 0
  try {
    const started = start(scope).then(() => {
      health.set('start', true)
      log.info('ready')
    })
    await Promise.race([started, signalled])
    const signal = await signalled
    log.info({ signal }, 'draining')
  } catch (cause) {
    sayWhyNot(name, scope.starting, cause, log)
    code = 1
  }
  health.draining()
  setTimeout(() => {
    log.error({ drainMs }, 'the drain took too long')
    process.exit(1)
  }, drainMs)
  if (!(await scope.end())) code = 1
  log.info({ code }, 'stopped')
  process.exit(code)
}

/**
 * What an operator can mend is said in one sentence, without the stack that a fault of this code is
 * logged with.
 */
function sayWhyNot(name: string, step: string | undefined, cause: unknown, log: Logger): void {
  if (cause instanceof WeirError && cause.code !== 'internal') {
    const reason = cause.cause instanceof Error ? { reason: cause.cause.message } : {}
    log.fatal({ step, code: cause.code, ...reason }, `${name} cannot start: ${cause.message}`)
  } else log.fatal({ err: cause, step }, `${name} cannot start`)
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
