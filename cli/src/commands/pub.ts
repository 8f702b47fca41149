import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { checkSubject, WeirError } from '@weir/proto'
import type { CommandDef } from 'citty'
import { accessArgs, findAccess } from '../access.ts'
import { command } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { type Item, type Rejected, Sender } from '../sender.ts'
import { UsageError } from '../usage-error.ts'

export const pub: CommandDef = command({
  name: 'pub',
  description: 'Publish an event, or one for each line of standard input',
  args: {
    subject: {
      type: 'positional',
      required: true,
      description: 'Where to; "-" when each line is an item with a subject of its own',
    },
    data: {
      type: 'positional',
      required: false,
      description: 'The data: any JSON. Left out or "-": NDJSON from standard input, one event a line',
    },
    type: { type: 'string', description: 'What kind of event it is: order.created' },
    id: { type: 'string', description: 'Identity of the one event, against duplicates' },
    quiet: { type: 'boolean', alias: 'q', description: 'Say nothing when all went well' },
    ...accessArgs,
  },
  async run(args) {
    const { subject, data = '-', type, id } = args
    if (subject !== '-') checkSubject(subject)
    if (id !== undefined && data === '-') throw new UsageError('--id is for one event; lines have their own as items.')
    const sender = new Sender(findAccess(args))
    const itemOf = (text: string, line?: number): Item => {
      const value = parseJson(text, line)
      const item = subject === '-' ? asItem(value) : { subject, data: value }
      return { id: id ?? randomUUID(), ...(type === undefined ? {} : { type }), ...item }
    }
    if (data !== '-') await sender.send([itemOf(data)])
    else await sendLines(sender, itemOf)
    return report(sender, args.quiet === true)
  },
})

/** Sends lines as they come, many at once when they come fast. */
async function sendLines(sender: Sender, itemOf: (text: string, line: number) => Item): Promise<void> {
  let line = 0
  for await (const text of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++
    if (text.trim() === '') continue
    try {
      await sender.add(itemOf(text, line), line)
    } catch (thrown) {
      // One bad line is no reason to leave out the good ones after it.
      if (!(thrown instanceof WeirError) || thrown.code !== 'malformed') throw thrown
      sender.reject(line, thrown)
    }
  }
  await sender.flush()
}

function parseJson(text: string, line: number | undefined): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const where = line === undefined ? 'The data' : 'This'
    throw new WeirError('malformed', `${where} is not JSON; a string needs its double quotes: ${text.slice(0, 60)}`)
  }
}

function asItem(value: unknown): Item {
  if (typeof value === 'object' && value !== null && 'subject' in value) return value as Item
  throw new WeirError('malformed', 'This is not an item: give an object with "subject" and "data".')
}

function report({ accepted, duplicates, rejected }: Sender, quiet: boolean): number {
  const again = duplicates === 0 ? '' : `, ${duplicates} known already`
  if (!quiet || rejected.length > 0) console.log(`${accepted} accepted${again}, ${rejected.length} rejected`)
  for (const { line, code, message } of rejected as readonly Rejected[]) {
    console.error(`weir: ${line === undefined ? '' : `line ${line}: `}${message} (${code})`)
  }
  return rejected.length === 0 ? exitCodes.done : exitCodes.failed
}
