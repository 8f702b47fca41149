import { ConfigError, parseConfig, systemReason } from '@weir/mesh'
import { asWeirError } from '@weir/proto'
import { commandSettings } from './settings.ts'
import { exitCode, exitCodes } from './text/exit-code.ts'
import { UsageError } from './text/usage-error.ts'

/** Says what went wrong in a sentence on standard error; its exit code. */
export function fault(thrown: unknown): number {
  if (thrown instanceof UsageError || thrown instanceof ConfigError) {
    console.error(`weir: ${thrown.message}`)
    return exitCodes.usage
  }
  const error = asWeirError(thrown)
  console.error(`weir: ${error.code === 'internal' ? unforeseen(error.cause ?? error) : error.message}`)
  if (parseConfig(commandSettings, process.env).debug) console.error(thrown)
  return exitCode(error.code)
}

/** Of the operating system: the file, and why not. */
function unforeseen(cause: unknown): string {
  if (!(cause instanceof Error) || !('path' in cause)) return String(cause)
  return `${cause.path}: ${systemReason(cause)}`
}
