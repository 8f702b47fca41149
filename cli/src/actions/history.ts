import type { HistoryItem, Series } from '@weir/client'
import { type AccessOptions, findAccess } from '../access/access.ts'
import { meshClient } from '../access/mesh-client.ts'
import { ofProjector } from '../access/of-projector.ts'
import { limits } from '../limits.ts'
import { countOf, durationMs, timeOf } from '../text/duration.ts'
import { eventLine, lineWithEvent } from '../text/event-line.ts'
import { exitCodes } from '../text/exit-code.ts'
import { print } from '../text/print.ts'

export interface HistoryOptions extends AccessOptions {
  readonly from: string
  readonly to?: string
  readonly newest?: boolean
  readonly step?: string
  readonly limit: string
  readonly json?: boolean
}

/**
 * Prints stored events, the oldest first unless the newest are wanted first, or steps of readings,
 * and says where live goes on or that the limit leaves some out.
 */
export async function history(filters: readonly string[], options: HistoryOptions): Promise<number> {
  const { from, to, newest = false, step, json = false } = options
  const now = Date.now()
  const limit = countOf(options.limit, '--limit')
  const query = {
    ...(filters.length === 0 ? {} : { filter: filters }),
    from: timeOf(from, '--from', now),
    ...(to === undefined ? {} : { to: timeOf(to, '--to', now) }),
    ...(newest ? { order: 'desc' as const } : {}),
    ...(step === undefined ? {} : { step: durationMs(step, '--step') / 1000 }),
  }
  const access = findAccess(options)
  const weir = meshClient(access)
  let left = limit
  let next: string | undefined
  let cursor = ''
  do {
    const part = { limit: Math.min(left, limits.pageItemsMax), ...(next === undefined ? {} : { cursor: next }) }
    const page = await ofProjector(access, weir.history({ ...query, ...part }))
    for (const item of page.items) await print(json ? jsonLine(item) : eventLine(item.subject, item.event))
    for (const series of page.series ?? []) {
      for (const line of json ? [JSON.stringify(series)] : seriesLines(series)) await print(line)
    }
    left -= page.items.length
    next = page.next
    cursor = page.cursor
  } while (next !== undefined && left > 0)
  if (next !== undefined) console.error(`weir: there are more than ${limit}; a higher --limit shows them`)
  else console.error(`weir: live goes on with --cursor ${cursor}`)
  return exitCodes.done
}

/** One line a step: when, subject and metric, the average, and the range. */
function seriesLines({ subject, metric, unit = '', times, avg, min, max }: Series): string[] {
  const short = (value: number | undefined): string => String(Number(value?.toPrecision(6)))
  return times.map(
    (time, at) =>
      `${new Date(time).toISOString()} ${subject} ${metric} ${short(avg[at])} ${unit} (${short(min[at])} to ${short(max[at])})`,
  )
}

function jsonLine({ subject, seq, event }: HistoryItem): string {
  return lineWithEvent({ subject, seq }, event)
}
