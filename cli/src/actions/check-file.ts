import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { defaultTenantSpec } from '@weir/mesh'
import { parseDuration } from '@weir/proto'
import { type NatsOptions, natsUrlOf } from '../access/nats.ts'
import { fileOf } from '../checkout/file-of.ts'
import { bun } from '../checkout/programs.ts'
import { limits } from '../limits.ts'
import { specWithBuckets } from '../tenant/declared-buckets.ts'
import { exitCodes } from '../text/exit-code.ts'
import { print } from '../text/print.ts'
import { UsageError } from '../text/usage-error.ts'

export interface CheckOptions extends NatsOptions {
  readonly tenant: string
  readonly last: string
  readonly json?: boolean
}

/** What a file would have made: DeclarationsTrial of the projector. */
interface Trial {
  readonly from: string
  readonly until: string
  readonly events: number
  readonly projections: readonly ProjectionTrial[]
}

interface ProjectionTrial {
  readonly name: string
  readonly kind: string
  readonly taken: number
  readonly keys?: number
  readonly failures?: number
  readonly failure?: string
  readonly skipped?: string
  readonly alert?: AlertTrial
}

interface AlertTrial {
  readonly fired: number
  readonly resolved: number
  readonly firing: number
  readonly failures: number
  readonly failure?: string
  readonly changes: readonly {
    readonly status: string
    readonly key: string
    readonly atMs: number
    readonly message: string
  }[]
}

/**
 * Tries a file of projections on what the stream holds, and changes nothing. The projector's own
 * program reads it. Throws UsageError with every fault of the file.
 */
export async function checkFile(file: string, options: CheckOptions): Promise<number> {
  const { tenant, last, json = false } = options
  const lastMs = parseDuration(last)
  if (lastMs === undefined || lastMs === 0)
    throw new UsageError(`--last: "${last}" is no duration such as 30m, 1h or 7d.`)
  // A wrong file is told wherever NATS is.
  await specWithBuckets(defaultTenantSpec, file)
  const trial = await tried(file, tenant, lastMs, natsUrlOf(options))
  if (json) await print(JSON.stringify(trial))
  else for (const line of linesOf(trial)) await print(line)
  return exitCodes.done
}

async function tried(file: string, tenant: string, lastMs: number, natsUrl: string): Promise<Trial> {
  try {
    const { stdout } = await promisify(execFile)(
      bun,
      [fileOf('projector/src/try-file.ts'), file, tenant, String(lastMs)],
      {
        timeout: limits.checkFileMs,
        maxBuffer: limits.checkFileBytesMax,
        env: { ...process.env, WEIR_NATS_URL: natsUrl },
      },
    )
    return JSON.parse(stdout) as Trial
  } catch (fault) {
    const said = fault instanceof Error && 'stderr' in fault ? String(fault.stderr).trim() : ''
    throw new UsageError(said === '' ? `${file} could not be tried: ${fault}` : said)
  }
}

function* linesOf({ from, until, events, projections }: Trial): Iterable<string> {
  yield `The file can be used. Tried on ${events} events, from ${from} to ${until}:`
  for (const { name, kind, taken, keys, failures = 0, failure, skipped, alert } of projections) {
    const made = keys === undefined ? '' : `, ${keys} keys`
    yield `${name}: ${kind}, ${skipped === undefined ? `${taken} events${made}` : `not tried: ${skipped}`}${fired(alert)}`
    const count = failures + (alert?.failures ?? 0)
    if (count > 0) yield `  ${count} events fail, the first of them ${failure ?? alert?.failure}`
    for (const { status, key, atMs, message } of alert?.changes ?? []) {
      yield `  ${new Date(atMs).toISOString()} ${status.padEnd(8)} ${key} ${message}`.trimEnd()
    }
    const more = (alert?.fired ?? 0) + (alert?.resolved ?? 0) - (alert?.changes.length ?? 0)
    if (more > 0) yield `  and ${more} more`
  }
}

function fired(alert: AlertTrial | undefined): string {
  if (alert === undefined) return ''
  return `, would have fired ${alert.fired} times, ${alert.firing} fire at the end`
}
