import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { checkSubject, WeirError } from '@weir/proto'
import { type AccessOptions, findAccess } from '../access/access.ts'
import { type Rejected, Sender } from '../access/sender.ts'
import { limits } from '../limits.ts'
import { exitCodes } from '../text/exit-code.ts'
import { print } from '../text/print.ts'
import { UsageError } from '../text/usage-error.ts'

export interface PubOptions extends AccessOptions {
  readonly type?: string
  readonly id?: string
  readonly quiet?: boolean
}

/** Publishes one event, or one for each line of standard input; fails when any is rejected. */
export async function pub(subject: string, data = '-', options: PubOptions): Promise<number> {
  const { type, id, quiet = false } = options
  if (subject !== '-') checkSubject(subject)
  if (id !== undefined && data === '-') throw new UsageError('--id is for one event; lines have their own as items.')
  const sender = new Sender(findAccess(options))
  const itemOf = (text: string, line?: number): string => {
    const value = parseJson(text, line)
    const given = subject === '-' ? membersOf(value) : { subject }
    const added = JSON.stringify({
      ...('id' in given ? {} : { id: id ?? randomUUID() }),
      ...(type === undefined || 'type' in given ? {} : { type }),
      ...(subject === '-' ? {} : { subject }),
    })
    return withMembers(added, subject === '-' ? text : `{"data":${text}}`)
  }
  if (data !== '-') await sender.send([itemOf(data)])
  else await sendLines(sender, itemOf, quiet)
  return report(sender, quiet)
}

/** Sends lines as they come, many at once when they come fast. */
async function sendLines(
  sender: Sender,
  itemOf: (text: string, line: number) => string,
  quiet: boolean,
): Promise<void> {
  if (process.stdin.isTTY && !quiet) console.error('weir: reading events from the terminal, one a line; Ctrl-D ends')
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
    throw new WeirError(
      'malformed',
      `${where} is not JSON; a string needs its double quotes: ${text.slice(0, limits.quotedCharactersMax)}`,
    )
  }
}

function membersOf(value: unknown): object {
  if (typeof value === 'object' && value !== null && 'subject' in value) return value
  throw new WeirError('malformed', 'This is not an item: give an object with "subject" and "data".')
}

/**
 * The members of both objects, each as it is written: no number on its way is read and printed
 * again.
 */
function withMembers(first: string, second: string): string {
  const [one, other] = [first.trim().slice(1, -1), second.trim().slice(1, -1)]
  return `{${[one, other].filter((members) => members.trim() !== '').join(',')}}`
}

async function report({ accepted, duplicates, rejected }: Sender, quiet: boolean): Promise<number> {
  const again = duplicates === 0 ? '' : `, ${duplicates} known already`
  if (!quiet || rejected.length > 0) await print(`${accepted} accepted${again}, ${rejected.length} rejected`)
  for (const { line, code, message } of rejected as readonly Rejected[]) {
    console.error(`weir: ${line === undefined ? '' : `line ${line}: `}${message} (${code})`)
  }
  return rejected.length === 0 ? exitCodes.done : exitCodes.failed
}
