import { copyFileSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { limits } from '../limits.ts'

/**
 * Moves what a log holds to `<path>.old` once it is too large. Its writer appends, so it may go on
 * writing meanwhile.
 */
export function boundLog(path: string): void {
  if (logBytes(path) <= limits.logBytesMax) return
  copyFileSync(path, `${path}.old`)
  truncateSync(path)
}

/** How long it is; 0 where there is none. */
export function logBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** The last lines of a log past so many bytes, with where to find the rest. */
export function lastLines(path: string, fromBytes: number, count: number): string {
  const lines = readFileSync(path).subarray(fromBytes).toString().trimEnd().split('\n').slice(-count)
  const shown = lines.flatMap((line) => (fatalMessage(line) ?? line).trimEnd().split('\n'))
  return [`The end of ${path}:`, ...shown.map((line) => `  ${line}`)].join('\n')
}

/** Why a service could not start stands in the message of one line of JSON. */
function fatalMessage(line: string): string | undefined {
  if (!line.startsWith('{"level":"fatal"')) return undefined
  try {
    const { msg } = JSON.parse(line) as { readonly msg?: unknown }
    return typeof msg === 'string' ? msg : undefined
  } catch {
    return undefined
  }
}
