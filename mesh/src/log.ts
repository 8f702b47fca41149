import { pino } from 'pino'

export type { Logger } from 'pino'

import type { Logger } from 'pino'

/** From the most to the least severe. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const

/** One JSON object a line on standard output, with `time` in RFC 3339 and the name of the service. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: ['token', 'authorization', '*.token', '*.authorization', 'headers.cookie'], censor: '[redacted]' },
  })
}
