import type { StateItem } from '@weir/client'
import { type AccessOptions, findAccess } from '../access/access.ts'
import { meshClient } from '../access/mesh-client.ts'
import { ofProjector } from '../access/of-projector.ts'
import { countOf } from '../text/duration.ts'
import { dataText, eventLine, lineWithEvent } from '../text/event-line.ts'
import { exitCodes } from '../text/exit-code.ts'
import { print } from '../text/print.ts'
import { UsageError } from '../text/usage-error.ts'

export interface GetOptions extends AccessOptions {
  readonly filter?: readonly string[]
  readonly limit?: string
  readonly json?: boolean
}

/** Prints values of a bucket. A key without a value is said, and is the exit code. */
export async function get(bucket: string, keys: readonly string[], options: GetOptions): Promise<number> {
  const { filter, json = false } = options
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : countOf(options.limit, '--limit')
  if (keys.length > 0 && filter !== undefined) throw new UsageError('Give keys or --filter, not both.')
  const wild = keys.find((key) => /[*>]/.test(key))
  if (wild !== undefined) throw new UsageError(`"${wild}" is a filter, not a key: give it as --filter '${wild}'.`)
  if (keys.length > 0 && options.limit !== undefined) throw new UsageError('--limit is for a filter, not for keys.')
  const access = findAccess(options)
  const weir = meshClient(access)
  const line = json ? jsonLine : ({ subject, event }: StateItem): string => eventLine(subject, event)
  if (keys.length === 0) {
    // One more than wanted tells whether there are more.
    const query = { ...(filter && { filter }), ...(Number.isFinite(limit) && { limit: limit + 1 }) }
    return await ofProjector(access, printAll(weir.state(bucket, query), limit, line))
  }
  let code: number = exitCodes.done
  for (const key of keys) {
    const item = await ofProjector(access, weir.get(bucket, key))
    if (item === undefined) {
      console.error(`weir: the bucket ${bucket} has no value for ${key}`)
      code = exitCodes.notFound
    } else await print(keys.length > 1 || json ? line(item) : dataText(item.event))
  }
  return code
}

/** Page after page, up to the limit; what the limit leaves out is said. */
async function printAll(
  items: AsyncIterable<StateItem>,
  limit: number,
  line: (item: StateItem) => string,
): Promise<number> {
  let count = 0
  for await (const item of items) {
    if (count++ === limit) {
      console.error(`weir: there are more than ${limit}; a higher --limit, or none, shows them`)
      break
    }
    await print(line(item))
  }
  return exitCodes.done
}

function jsonLine({ subject, seq, ageMs, ttlMs, event }: StateItem): string {
  return lineWithEvent({ subject, seq, ageMs, ttlMs }, event)
}
