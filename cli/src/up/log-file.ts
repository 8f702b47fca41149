import { copyFileSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { limits } from '../limits.ts'

/**
 * Moves what a log holds to `<path>.old` once it is too large. Its writer appends, so it may go on
 * writing meanwhile.
 */
export function boundLog(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size <= limits.logBytesMax) return
  copyFileSync(path, `${path}.old`)
  truncateSync(path)
}

/** The last lines of a log, with where to find the rest. */
export function lastLines(path: string, count: number): string {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count)
  return [`The end of ${path}:`, ...lines.map((line) => `  ${line}`)].join('\n')
}
