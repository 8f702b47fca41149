import type { Subscription, SubscriptionItem, Weir } from '@weir/client'
import { WeirError } from '@weir/proto'
import { type AccessOptions, findAccess } from '../access/access.ts'
import { meshClient } from '../access/mesh-client.ts'
import { sayTokenFaults } from '../access/token-faults.ts'
import { countOf, durationMs } from '../text/duration.ts'
import { eventLine, lineWithEvent } from '../text/event-line.ts'
import { exitCodes } from '../text/exit-code.ts'
import { print } from '../text/print.ts'

export interface SubOptions extends AccessOptions {
  readonly source: string
  readonly mode?: 'all' | 'latest'
  readonly cursor?: string
  readonly interval?: string
  readonly count?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

/** Prints until it has enough, its reader has, or a signal comes. */
export async function sub(given: readonly string[], options: SubOptions): Promise<number> {
  const { source, mode = source === 'events' ? 'all' : 'latest', cursor, interval } = options
  const filters = given.length === 0 ? ['>'] : given
  const limit = options.count === undefined ? Number.POSITIVE_INFINITY : countOf(options.count, '--count')
  const access = findAccess(options)
  const weir = meshClient(access)
  sayTokenFaults(weir.connection, (line) => console.error(line))
  const subscription = weir.subscribe({
    source,
    filters,
    mode: mode === 'latest' ? 'LATEST' : 'ALL',
    ...(cursor === undefined ? {} : { cursor }),
    ...(interval === undefined ? {} : { intervalMs: durationMs(interval, '--interval') }),
  })
  const asked = new AbortController()
  asked.signal.addEventListener('abort', () => subscription.close())
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => asked.abort())
  const greeting = `listening on ${filters.join(', ')} (${source} at ${access.address('hub')})`
  try {
    await printItems(weir, subscription, {
      line: options.json === true ? jsonLine : plainLine,
      limit,
      onLive: () => options.quiet === true || console.error(`weir: ${greeting}`),
      signal: asked.signal,
    })
  } finally {
    weir.close()
  }
  return exitCodes.done
}

interface Printing {
  readonly line: (item: SubscriptionItem) => string | undefined
  /** Entries. */
  readonly limit: number
  /** Once, when the hub has taken the subscription. */
  readonly onLive: () => void
  /** Aborted when the user wants no more. */
  readonly signal: AbortSignal
}

/** A reader that is slow holds up the loop, and so is behind at the hub. */
async function printItems(weir: Weir, subscription: Subscription, printing: Printing): Promise<void> {
  const { line, limit, onLive, signal } = printing
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
      if (!wasLive && item.state === 'live') onLive()
      wasLive ||= item.state === 'live'
      continue
    }
    const text = line(item)
    if (text !== undefined) await print(text, signal)
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
      return lineWithEvent({ subject, seq, cursor }, event)
    }
    case 'removed':
    case 'gap':
    case 'reset':
      return JSON.stringify(item)
    case 'state':
      return undefined
  }
}
