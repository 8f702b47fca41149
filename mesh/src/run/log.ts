import { type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/**
 * One JSON object a line on standard output, with `time` in RFC 3339 and the name of the service.
 * Written at once: pino's own default loses or reorders lines where the process exits.
 */
export function createLogger(service: string, level: string): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretPaths, censor: '[redacted]' },
    },
    pino.destination({ dest: 1, sync: true }),
  )
}

/** What must not be in a log even when somebody passes a whole object. */
const secretPaths = ['token', 'secret', 'password', 'authorization'].flatMap((name) => [name, `*.${name}`])
