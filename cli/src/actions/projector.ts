import { setTimeout as sleep } from 'node:timers/promises'
import { asWeirError } from '@weir/proto'
import { type Access, type AccessOptions, findAccess } from '../access/access.ts'
import { type Projection, projectionsOf } from '../access/projection.ts'
import { type RequestOptions, request } from '../access/request.ts'
import { limits } from '../limits.ts'
import { exitCode, exitCodes } from '../text/exit-code.ts'
import { print } from '../text/print.ts'
import { UsageError } from '../text/usage-error.ts'

export interface ListOptions extends AccessOptions {
  readonly json?: boolean
}

interface DeadLetter {
  readonly id: number
  readonly projection: string
  readonly subject: string
  readonly seq: number
  readonly code: string
  readonly reason: string
}

/** A line a projection: what it fills, how far it is, what it could not take. */
export async function listProjections({ json = false, ...options }: ListOptions): Promise<number> {
  for (const item of await projectionsOf(findAccess(options))) {
    const { name, kind, from, bucket, partition, pending, blocked, deadLetters } = item
    const target = bucket === undefined ? '' : ` into ${bucket}`
    const state = blocked === undefined ? `${pending} pending` : `waits: ${blocked}`
    const letters = deadLetters === 0 ? '' : `, ${deadLetters} dead letters`
    const text = `${name}: ${kind} of ${from.join(', ')}${target}, share ${partition}, ${state}${letters}`
    await print(json ? JSON.stringify(item) : text)
  }
  return exitCodes.done
}

export async function listDeadLetters({ json = false, ...options }: ListOptions): Promise<number> {
  for await (const letter of deadLetters(findAccess(options))) {
    await print(json ? JSON.stringify(letter) : letterLine(letter))
  }
  return exitCodes.done
}

/** Comes back when it is done; progress goes to standard error. */
export async function rebuild(name: string, options: AccessOptions): Promise<number> {
  const access = findAccess(options)
  const progress = progressLine()
  const path = `/v1/projections/${encodeURIComponent(name)}` as const
  let { rebuilding } = await ask<Projection>(access, `${path}/rebuild`, { method: 'POST' })
  while (rebuilding !== undefined) {
    const { from, to, at } = rebuilding
    const done = to <= from ? 0 : Math.min(100, Math.max(0, Math.floor((100 * (at - from)) / (to - from))))
    progress(`rebuilding ${name}: ${done}%`)
    await sleep(limits.rebuildPollMs)
    ;({ rebuilding } = await ask<Projection>(access, path))
  }
  progress('')
  await print(`${name} is rebuilt.`)
  return exitCodes.done
}

export function replay(ids: readonly string[], options: AccessOptions): Promise<number> {
  return each(findAccess(options), 'replay', ids)
}

export function forget(ids: readonly string[], options: AccessOptions): Promise<number> {
  return each(findAccess(options), 'forget', ids)
}

async function each(access: Access, action: 'replay' | 'forget', given: readonly string[]): Promise<number> {
  const isAll = given.length === 1 && given[0] === 'all'
  const bad = isAll ? undefined : given.find((id) => !/^\d+$/.test(id))
  if (bad !== undefined) throw new UsageError(`"${bad}" is neither the number of a dead letter nor, alone, "all".`)
  const ids = isAll ? [] : given.map(Number)
  if (isAll) for await (const { id } of deadLetters(access)) ids.push(id)
  let failed = 0
  for (const id of ids) {
    try {
      if (action === 'replay') await request(access, 'projector', `/v1/dead-letters/${id}/replay`, { method: 'POST' })
      else await request(access, 'projector', `/v1/dead-letters/${id}`, { method: 'DELETE' })
    } catch (thrown) {
      const error = asWeirError(thrown)
      // Of the mesh or the token, so of all of them.
      if (([exitCodes.unavailable, exitCodes.refused] as number[]).includes(exitCode(error.code))) throw error
      failed++
      console.error(`${id}: ${error.message}`)
    }
  }
  await print(`${ids.length - failed} of ${ids.length} ${action === 'replay' ? 'projected' : 'forgotten'}`)
  return failed === 0 ? exitCodes.done : exitCodes.failed
}

async function* deadLetters(access: Access): AsyncGenerator<DeadLetter> {
  let after: number | undefined = 0
  while (after !== undefined) {
    const query = { limit: String(limits.pageItemsMax), after: String(after) }
    const page: { items: readonly DeadLetter[]; next?: number } = await ask(access, '/v1/dead-letters', { query })
    yield* page.items
    after = page.next
  }
}

function letterLine({ id, projection, subject, seq, code, reason }: DeadLetter): string {
  return `${id} ${projection} ${subject} #${seq} ${code}: ${reason}`
}

async function ask<Body>(access: Access, path: `/${string}`, options: RequestOptions = {}): Promise<Body> {
  return (await (await request(access, 'projector', path, options)).json()) as Body
}

/** One line that is written over again where it can be, else a line for each new text. */
function progressLine(): (text: string) => void {
  let last = ''
  return (text) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(last.length)}${text === '' ? '\r' : ''}`)
    else if (text !== last && text !== '') process.stderr.write(`${text}\n`)
    last = text
  }
}
