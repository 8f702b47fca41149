import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandDef } from 'citty'
import { type Access, accessArgs, findAccess } from '../access.ts'
import { command } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { limits } from '../limits.ts'
import { request } from '../request.ts'
import { UsageError } from '../usage-error.ts'

export const projector: CommandDef = command({
  name: 'projector',
  description: 'Show the projections, rebuild one, or look after the events that could not be projected',
  args: {
    action: {
      type: 'positional',
      required: true,
      description: '"list", "rebuild NAME", "dead-letters", "replay ID|all" or "forget ID|all"',
    },
    what: { type: 'positional', required: false, description: 'A projection, or the number of a dead letter' },
    json: { type: 'boolean', description: 'One JSON object a line' },
    ...accessArgs,
  },
  async run(args) {
    const { action, what, json = false } = args
    const access = findAccess(args)
    switch (action) {
      case 'list':
        await list(access, json)
        return exitCodes.done
      case 'rebuild':
        await rebuild(access, needed(what, 'the name of a projection'))
        return exitCodes.done
      case 'dead-letters':
        for await (const letter of deadLetters(access)) console.log(json ? JSON.stringify(letter) : letterLine(letter))
        return exitCodes.done
      case 'replay':
      case 'forget':
        return await each(access, action, needed(what, 'the number of a dead letter, or "all"'))
      default:
        throw new UsageError(`"weir projector ${action}" does not exist: "weir help projector" lists what does.`)
    }
  },
})

interface Projection {
  readonly name: string
  readonly kind: string
  readonly from: readonly string[]
  readonly bucket?: string
  readonly partition: string
  readonly pending: number
  readonly blocked?: string
  readonly deadLetters: number
  readonly rebuilding?: { readonly from: number; readonly to: number; readonly at: number }
}

interface DeadLetter {
  readonly id: number
  readonly projection: string
  readonly subject: string
  readonly seq: number
  readonly code: string
  readonly reason: string
}

async function list(access: Access, json: boolean): Promise<void> {
  const { items } = await ask<{ items: readonly Projection[] }>(access, '/v1/projections')
  for (const item of items) {
    const { name, kind, from, bucket, partition, pending, blocked, deadLetters } = item
    const target = bucket === undefined ? '' : ` into ${bucket}`
    const state = blocked === undefined ? `${pending} pending` : `waits: ${blocked}`
    const letters = deadLetters === 0 ? '' : `, ${deadLetters} dead letters`
    const text = `${name}: ${kind} of ${from.join(', ')}${target}, share ${partition}, ${state}${letters}`
    console.log(json ? JSON.stringify(item) : text)
  }
}

/** Comes back when it is done; progress goes to standard error. */
async function rebuild(access: Access, name: string): Promise<void> {
  const path = `/v1/projections/${encodeURIComponent(name)}`
  let { rebuilding } = await ask<Projection>(access, `${path}/rebuild`, 'POST')
  while (rebuilding !== undefined) {
    const { from, to, at } = rebuilding
    const done = to <= from ? 0 : Math.min(100, Math.max(0, Math.floor((100 * (at - from)) / (to - from))))
    process.stderr.write(`\rrebuilding ${name}: ${done}% `)
    await sleep(limits.rebuildPollMs)
    ;({ rebuilding } = await ask<Projection>(access, path))
  }
  process.stderr.write('\r')
  console.log(`${name} is rebuilt.`)
}

async function each(access: Access, action: 'replay' | 'forget', what: string): Promise<number> {
  if (what !== 'all' && !/^\d+$/.test(what)) throw new UsageError(`"${what}" is neither a number nor "all".`)
  const ids: number[] = []
  if (what !== 'all') ids.push(Number(what))
  else for await (const { id } of deadLetters(access)) ids.push(id)
  let failed = 0
  for (const id of ids) {
    try {
      if (action === 'replay') await request(access, 'projector', `/v1/dead-letters/${id}/replay`, { method: 'POST' })
      else await request(access, 'projector', `/v1/dead-letters/${id}`, { method: 'DELETE' })
    } catch (thrown) {
      failed++
      console.error(`${id}: ${thrown instanceof Error ? thrown.message : thrown}`)
    }
  }
  console.log(`${ids.length - failed} of ${ids.length} ${action === 'replay' ? 'projected' : 'forgotten'}`)
  return failed === 0 ? exitCodes.done : exitCodes.failed
}

async function* deadLetters(access: Access): AsyncGenerator<DeadLetter> {
  let after: number | undefined = 0
  while (after !== undefined) {
    const path = `/v1/dead-letters?limit=${limits.pageItemsMax}&after=${after}`
    const page: { items: readonly DeadLetter[]; next?: number } = await ask(access, path)
    yield* page.items
    after = page.next
  }
}

function letterLine({ id, projection, subject, seq, code, reason }: DeadLetter): string {
  return `${id} ${projection} ${subject} #${seq} ${code}: ${reason}`
}

async function ask<Body>(access: Access, path: string, method: 'GET' | 'POST' = 'GET'): Promise<Body> {
  return (await (await request(access, 'projector', path, { method })).json()) as Body
}

function needed(what: string | undefined, description: string): string {
  if (what === undefined) throw new UsageError(`Say ${description}.`)
  return what
}
