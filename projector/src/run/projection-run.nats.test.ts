import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectNats, createLogger, defaultTenantSpec, Health, type NatsConnection, provisionTenant } from '@weir/mesh'
import { startNats, type TestNats } from '@weir/mesh/testing'
import { KeptPositions } from '../../test/kept-positions.ts'
import type { EventRecord } from '../event/event-record.ts'
import { wholePartition } from '../event/partition.ts'
import { DeadLetters } from './dead-letters.ts'
import type { Effects, Projection, Rebuilding } from './projection.ts'
import { ProjectionRun } from './projection-run.ts'

const log = createLogger('test', 'fatal')
let nats: TestNats
let nc: NatsConnection
let tenant = ''
let tenants = 0

before(async () => {
  nats = await startNats()
  nc = await connectNats({ url: nats.url, name: 'test', log })
})

after(async () => {
  await nc?.close()
  await nats?.stop()
})

beforeEach(async () => {
  tenant = `t${tenants++}`
  await provisionTenant(nc, tenant, defaultTenantSpec)
  for (const room of ['r1', 'r2']) await nc.request(`ev.${tenant}.rooms.${room}`, '')
})

test('a rebuild that is asked for while a projection opens is begun before it is finished', async () => {
  const projection = new SteppedProjection()
  const run = runOf(projection)
  projection.hold('open')
  run.start()
  await projection.has('open')
  run.rebuild()
  projection.release()
  await until(() => run.rebuilding === undefined)
  await run.drain()
  assert.deepEqual(projection.steps, ['open', 'begin', 'take 1', 'take 2', 'finish', 'finished'])
})

test('a rebuild that is asked for while another one is finished begins after that', async () => {
  const projection = new SteppedProjection()
  const run = runOf(projection)
  projection.hold('finish')
  run.start()
  run.rebuild()
  await projection.has('finish')
  run.rebuild()
  // A session that does not wait for it begins within milliseconds.
  await sleep(200)
  projection.release()
  await until(() => run.rebuilding === undefined)
  await run.drain()
  const rebuild = ['begin', 'take 1', 'take 2', 'finish', 'finished']
  assert.deepEqual(projection.steps.slice(-10), [...rebuild, ...rebuild])
})

function runOf(projection: Projection): ProjectionRun {
  const [name, source, from, declaration] = ['stepped', 'events', ['rooms.>'], 'one']
  const kept = { positions: new KeptPositions(), deadLetters: new DeadLetters(nc, tenant, log) }
  const partition = wholePartition
  return new ProjectionRun({
    ...{ nc, tenant, name, source, from, projection, partition, declaration, ...kept },
    health: new Health(),
    log,
  })
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}

/** Writes down what is asked of it, and holds one step until it is told to go on. */
class SteppedProjection implements Projection, Effects {
  readonly warmUpMs = 0
  readonly reachMs = undefined
  readonly effects: Effects = this
  readonly rebuilding: Rebuilding = {
    begin: () => this.#step('begin'),
    finish: async () => {
      await this.#step('finish')
      this.steps.push('finished')
      return {}
    },
  }
  readonly steps: string[] = []
  #held: string | undefined
  #release = (): void => undefined

  hold(step: string): void {
    this.#held = step
  }

  release(): void {
    this.#held = undefined
    this.#release()
  }

  has(step: string): Promise<void> {
    return until(() => this.steps.includes(step))
  }

  async #step(step: string): Promise<void> {
    this.steps.push(step)
    if (step !== this.#held) return
    await new Promise<void>((resolve) => {
      this.#release = resolve
    })
  }

  open(): Promise<void> {
    return this.#step('open')
  }

  take({ seq }: EventRecord): void {
    this.steps.push(`take ${seq}`)
  }

  idle(): void {}

  flushed(): Promise<void> {
    return Promise.resolve()
  }

  blocked(): undefined {}

  targetEpoch(): Promise<number> {
    return Promise.resolve(1)
  }

  close(): void {}
}
