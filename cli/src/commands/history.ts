import type { HistoryItem, Series } from '@weir/client'
import { eventToJson } from '@weir/proto'
import type { CommandDef } from 'citty'
import { accessArgs, findAccess } from '../access.ts'
import { command } from '../command.ts'
import { countOf, durationMs, timeOf } from '../duration.ts'
import { eventLine } from '../event-line.ts'
import { exitCodes } from '../exit-code.ts'
import { limits } from '../limits.ts'
import { meshClient } from '../mesh-client.ts'

export const history: CommandDef = command({
  name: 'history',
  description: 'Print stored events by the time at which they happened, oldest first',
  args: {
    filter: { type: 'positional', default: '>', description: "What to read: 'rooms.*.climate', 'rooms.>'" },
    from: { type: 'string', valueHint: 'time', default: '15m', description: 'RFC 3339, or how long ago' },
    to: { type: 'string', valueHint: 'time', description: 'RFC 3339, or how long ago; without it: now' },
    step: { type: 'string', valueHint: 'time', description: 'Readings in steps, as averages: 10s' },
    limit: { type: 'string', valueHint: 'n', default: '1000', description: 'No more than so many events' },
    json: { type: 'boolean', description: 'Whole events, one JSON object a line' },
    ...accessArgs,
  },
  async run(args) {
    const now = Date.now()
    const limit = countOf(args.limit, '--limit')
    const query = {
      filter: args.filter,
      from: timeOf(args.from, '--from', now),
      ...(args.to === undefined ? {} : { to: timeOf(args.to, '--to', now) }),
      ...(args.step === undefined ? {} : { step: durationMs(args.step, '--step') / 1000 }),
    }
    const weir = meshClient(findAccess(args))
    let left = limit
    let next: string | undefined
    let cursor = ''
    do {
      const page = await weir.history({
        ...query,
        limit: Math.min(left, limits.pageItemsMax),
        ...(next === undefined ? {} : { cursor: next }),
      })
      for (const item of page.items)
        console.log(args.json === true ? jsonLine(item) : eventLine(item.subject, item.event))
      for (const series of page.series ?? []) {
        if (args.json === true) console.log(JSON.stringify(series))
        else for (const line of seriesLines(series)) console.log(line)
      }
      left -= page.items.length
      next = page.next
      cursor = page.cursor
    } while (next !== undefined && left > 0)
    if (next !== undefined) console.error(`weir: there are more than ${limit}; --limit shows more of them.`)
    else console.error(`weir: live goes on with --cursor ${cursor}`)
    return exitCodes.done
  },
})

/** One line a step: when, subject and metric, the average, and the range. */
function seriesLines({ subject, metric, unit = '', times, avg, min, max }: Series): string[] {
  const short = (value: number | undefined): string => String(Number(value?.toPrecision(6)))
  return times.map(
    (time, at) =>
      `${new Date(time).toISOString()} ${subject} ${metric} ${short(avg[at])} ${unit} (${short(min[at])} to ${short(max[at])})`,
  )
}

function jsonLine({ event, ...rest }: HistoryItem): string {
  return JSON.stringify({ ...rest, event: eventToJson(event) })
}
