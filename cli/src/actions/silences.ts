import type { AlertSeverity, Silence, SilenceMatch } from '@weir/client'
import { type AccessOptions, findAccess } from '../access/access.ts'
import { meshClient } from '../access/mesh-client.ts'
import { ofProjector } from '../access/of-projector.ts'
import { exitCodes } from '../text/exit-code.ts'
import { print } from '../text/print.ts'
import { timeText } from '../text/time-text.ts'
import { UsageError } from '../text/usage-error.ts'

export interface ListSilencesOptions extends AccessOptions {
  readonly filter?: readonly string[]
  readonly json?: boolean
}

export interface SilenceOptions extends AccessOptions {
  readonly rule?: readonly string[]
  readonly filter?: readonly string[]
  readonly severity?: readonly string[]
  /** `name=value`; several of one name mean any of them. */
  readonly label?: readonly string[]
  readonly for?: string
  readonly from?: string
  readonly until?: string
  readonly comment?: string
}

/** A line a silence. */
export async function listSilences({ filter, json, ...options }: ListSilencesOptions): Promise<number> {
  const access = findAccess(options)
  const silences = await ofProjector(access, meshClient(access).silences(filter && { filter }))
  for (const each of silences) await print(json === true ? JSON.stringify(each) : silenceLine(each))
  return exitCodes.done
}

/** What makes no silence is said by the projector; what is no command line, here. */
export async function silence(name: string, options: SilenceOptions): Promise<number> {
  const { for: lasts, from, until, comment } = options
  if ((lasts === undefined) === (until === undefined)) throw new UsageError('Give --for or --until.')
  const access = findAccess(options)
  const asked = {
    name,
    match: matchOf(options),
    ...(from !== undefined && { from }),
    ...(comment !== undefined && { comment }),
    ...(until === undefined ? { for: lasts as string } : { until }),
  }
  await print(silenceLine(await ofProjector(access, meshClient(access).silence(asked))))
  return exitCodes.done
}

/** Throws `not_found` at the first that is not in force. */
export async function endSilences(names: readonly string[], options: AccessOptions): Promise<number> {
  const access = findAccess(options)
  const weir = meshClient(access)
  for (const name of names) {
    await ofProjector(access, weir.endSilence(name))
    await print(`${name} is over.`)
  }
  return exitCodes.done
}

function matchOf({ rule, filter, severity, label = [] }: SilenceOptions): SilenceMatch {
  const labels: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  for (const each of label) {
    const at = each.indexOf('=')
    if (at < 1) throw new UsageError(`--label "${each}" is not name=value.`)
    const name = each.slice(0, at)
    labels[name] = [...(labels[name] ?? []), each.slice(at + 1)]
  }
  const match = {
    ...(rule && { rule }),
    ...(filter && { filter }),
    ...(severity && { severity: severity as readonly AlertSeverity[] }),
    ...(label.length > 0 && { labels }),
  }
  if (Object.keys(match).length > 0) return match
  throw new UsageError("Say which alerts: --rule, --filter, --severity or --label; every alert is --filter 'alerts.>'.")
}

function silenceLine({ name, state, match, fromMs, untilMs, by, comment }: Silence): string {
  const time =
    state === 'pending' ? `from ${timeText(fromMs)} until ${timeText(untilMs)}` : `until ${timeText(untilMs)}`
  const parts = [name, state, time, matchText(match), by === '' ? '' : `by ${by}`, comment]
  return parts.filter((part) => part !== '').join('  ')
}

/** As the options say it. */
function matchText({ rule, filter, severity, labels = {} }: SilenceMatch): string {
  const texts = [rule, filter, severity].flatMap((each) => each ?? [])
  const pairs = Object.entries(labels).map(([name, values]) => `${name}=${[values].flat().join('|')}`)
  return [...texts, ...pairs].join(' ')
}
