import type { Subscription, SubscriptionItem, Weir } from '@weir/client'
import { eventToJson, WeirError } from '@weir/proto'
import type { CommandDef } from 'citty'
import { accessArgs, findAccess } from '../access.ts'
import { command } from '../command.ts'
import { countOf, durationMs } from '../duration.ts'
import { eventLine } from '../event-line.ts'
import { exitCodes } from '../exit-code.ts'
import { meshClient } from '../mesh-client.ts'

export const sub: CommandDef = command({
  name: 'sub',
  description: 'Print events as they happen, or the values of a bucket and their changes',
  args: {
    filter: {
      type: 'positional',
      default: '>',
      description: "What to read: 'rooms.*.climate', 'rooms.>'; several may follow",
    },
    source: { type: 'string', default: 'events', description: '"events", or the name of a bucket: latest' },
    mode: {
      type: 'enum',
      options: ['all', 'latest'],
      description:
        'Every event, or the newest of each subject (the default for a bucket), which begins with what is there',
    },
    cursor: { type: 'string', description: 'Go on from there: the cursor of an entry, or of a history' },
    interval: { type: 'string', valueHint: 'time', description: 'Mode latest: no more often than that, like 1s' },
    count: { type: 'string', valueHint: 'n', description: 'End after so many entries' },
    json: { type: 'boolean', description: 'One JSON object a line, with sequence and cursor' },
    ...accessArgs,
  },
  async run(args) {
    const latest = (args.mode ?? (args.source === 'events' ? 'all' : 'latest')) === 'latest'
    const limit = args.count === undefined ? Number.POSITIVE_INFINITY : countOf(args.count, '--count')
    const weir = meshClient(findAccess(args))
    const subscription = weir.subscribe({
      source: args.source,
      filters: args._.length === 0 ? ['>'] : args._,
      mode: latest ? 'LATEST' : 'ALL',
      ...(args.cursor === undefined ? {} : { cursor: args.cursor }),
      ...(args.interval === undefined ? {} : { intervalMs: durationMs(args.interval, '--interval') }),
    })
    const stop = (): void => subscription.close()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
    // Who reads this may have seen enough: `weir sub | head`.
    process.stdout.once('error', stop)
    try {
      await print(weir, subscription, args.json === true ? jsonLine : plainLine, limit)
    } finally {
      weir.close()
    }
    return exitCodes.done
  },
})

type Line = (item: SubscriptionItem) => string | undefined

async function print(weir: Weir, subscription: Subscription, line: Line, limit: number): Promise<void> {
  let entries = 0
  let wasLive = false
  for await (const item of subscription) {
    if (item.type === 'state') {
      if (item.state === 'offline' && !wasLive) {
        const { error } = weir.connection
        if (error !== undefined && error.code !== 'unavailable') throw error
        throw new WeirError('unavailable', 'The hub does not answer: is the address right and does it run?')
      }
      if (wasLive && item.state !== 'closed') console.error(`weir: ${item.state}`)
      wasLive ||= item.state === 'live'
      continue
    }
    const text = line(item)
    if (text !== undefined) process.stdout.write(`${text}\n`)
    if (item.type === 'entry' && ++entries >= limit) break
  }
}

function plainLine(item: SubscriptionItem): string | undefined {
  switch (item.type) {
    case 'entry':
      return eventLine(item.subject, item.event)
    case 'removed':
      return `${' '.repeat(14)}${item.subject}  ${item.reason}`
    case 'gap':
      console.error(`weir: entries ${item.from + 1} to ${item.to} will not come (${item.reason})`)
      return undefined
    case 'reset':
    case 'state':
      return undefined
  }
}

function jsonLine(item: SubscriptionItem): string | undefined {
  switch (item.type) {
    case 'entry': {
      const { subject, seq, cursor, event } = item
      return JSON.stringify({ subject, seq, cursor, event: eventToJson(event) })
    }
    case 'removed':
    case 'gap':
    case 'reset':
      return JSON.stringify(item)
    case 'state':
      return undefined
  }
}
