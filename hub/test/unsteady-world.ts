import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { defaultTenantSpec, jetstreamManager, provisionTenant, shardName } from '@weir/mesh'
import { Mode } from '@weir/proto'
import { audit, headOf } from './audit.ts'
import { TestMesh, testToken } from './harness.ts'
import type { Wish } from './ledger.ts'
import { Random } from './random.ts'
import type { Habit } from './reading.ts'
import { RestlessClient } from './restless-client.ts'
import { StreamRecord } from './stream-record.ts'
import { UnsteadyHub } from './unsteady-hub.ts'
import { patienceMs } from './until.ts'
import { bucketWriter, eventWriter, type Writer } from './writers.ts'

const seed = process.env.WEIR_TEST_SEED ?? randomUUID().slice(0, 8)
const clientCount = 18
const environment = {
  WEIR_HUB_HEARTBEAT_SECONDS: '0.5',
  WEIR_HUB_STALL_SECONDS: '2',
  WEIR_HUB_RING_BYTES: '192KiB',
}

/**
 * Lets clients, hubs and faults live for a while, and holds what each subscriber was told against
 * what the streams had.
 */
export async function liveThrough(t: TestContext, layout: Layout): Promise<void> {
  const random = new Random(`${seed} ${layout.tenant}`)
  t.diagnostic(`WEIR_TEST_SEED=${seed} repeats this run`)
  const mesh = await TestMesh.start()
  t.after(() => mesh.stop())
  const world = new World(mesh, random, layout, await testToken({ tenant: layout.tenant }))
  try {
    await world.begin()
    await world.live()
    await world.settle()
    world.check(t)
  } finally {
    await world.end()
  }
}

/** How the events of a tenant are stored. */
export interface Layout {
  readonly tenant: string
  readonly shards: number
}

class World {
  readonly #mesh: TestMesh
  readonly #random: Random
  readonly #hubs: UnsteadyHub[] = []
  readonly #clients: readonly RestlessClient[]
  readonly #layout: Layout
  /** A record of each shard. */
  readonly #events: readonly StreamRecord[]
  readonly #bucket: StreamRecord
  readonly #writers: { readonly events: Writer; readonly bucket: Writer }
  readonly #history: string[] = []

  constructor(mesh: TestMesh, random: Random, layout: Layout, token: string) {
    const { tenant, shards: count } = layout
    this.#mesh = mesh
    this.#random = random
    this.#layout = layout
    const shards = count === 1 ? [tenant] : Array.from({ length: count }, (_, index) => shardName(tenant, index))
    this.#events = shards.map((shard) => new StreamRecord(mesh.nc, shard, 'events'))
    this.#bucket = new StreamRecord(mesh.nc, tenant, 'latest')
    this.#writers = {
      events: eventWriter(mesh, shards, random.for('events')),
      bucket: bucketWriter(mesh, this.#bucket, random.for('bucket')),
    }
    this.#clients = Array.from({ length: clientCount }, (_, index) => {
      const own = random.for(`client ${index}`)
      return newClient(index, own, { token, random: own, hub: () => own.pick(this.#hubs).hub })
    })
  }

  async begin(): Promise<void> {
    await this.#provision()
    for (const [index, more] of [{ WEIR_HUB_LATEST_SUBJECTS: '20' }, {}].entries()) {
      const own = this.#random.for(`hub ${index}`)
      this.#hubs.push(await UnsteadyHub.start(this.#mesh, { ...environment, ...more }, own))
    }
    for (const record of this.#records) await record.begin()
  }

  async end(): Promise<void> {
    for (const client of this.#clients) client.end()
    await Promise.all([this.#writers.events.pause(), this.#writers.bucket.pause()])
    for (const hub of this.#hubs) hub.close()
  }

  get #records(): readonly StreamRecord[] {
    return [...this.#events, this.#bucket]
  }

  /** Everybody comes and writes, while each fault happens at least once. */
  async live(): Promise<void> {
    for (const client of this.#clients) client.start()
    this.#writers.events.start()
    this.#writers.bucket.start()
    const faults: Record<string, () => Promise<void>> = {
      'the NATS connection of a hub breaks': () => this.#hub.cut(this.#random.integer(0, 1_500)),
      'republished messages are lost': () => this.#lose(0.02 + 0.4 * this.#random.next()),
      'nats-server restarts': () => this.#restartNats(false),
      'nats-server is killed': () => this.#restartNats(true),
      'retention drops events': () => this.#purge(),
      'a stream of events is made anew': () => this.#renew(this.#random.pick(this.#events), this.#writers.events),
      'the bucket is made anew': () => this.#renew(this.#bucket, this.#writers.bucket),
      'a hub is killed': () => this.#hub.crash(),
      'a hub is drained and replaced': () => this.#hub.drain(),
    }
    const names = Object.keys(faults)
    const again = Array.from({ length: 3 }, () => names[this.#random.pick([0, 1, 1, 4, 7])] as string)
    for (const name of this.#random.shuffled([...names, ...again])) {
      await sleep(this.#random.integer(100, 400))
      this.#history.push(name)
      await (faults[name] as () => Promise<void>)()
    }
  }

  /**
   * Nothing goes wrong any more; resolves when everybody is at the head, or nobody comes any
   * further.
   */
  async settle(): Promise<void> {
    await Promise.all([this.#writers.events.pause(), this.#writers.bucket.pause()])
    await this.#bucketQuiet()
    for (const record of this.#records) await record.follow()
    for (const client of this.#clients) client.calm()
    const deadline = Date.now() + patienceMs
    while (!this.#allAtHead() && Date.now() < deadline) await sleep(50)
  }

  check(t: TestContext): void {
    const sights = new Set<string>()
    const tally = { matched: 0, counted: 0 }
    const faults = [...this.#writers.bucket.faults]
    for (const record of this.#records) {
      if (record.unknown.length > 0) faults.push(`the record of ${record.source} does not know ${record.unknown}`)
    }
    for (const client of this.#clients) {
      const about = (fault: string): string => `${client.name} ${JSON.stringify(client.habit)}: ${fault}`
      faults.push(...client.faults.map(about))
      for (const ledger of client.ledgers) {
        for (const sight of ledger.sights) sights.add(sight)
        const wish = `${ledger.wish.source} ${Mode[ledger.wish.mode]} ${ledger.wish.intervalMs} ${ledger.wish.filters}`
        faults.push(...audit(ledger, this.#recordsOf(ledger.wish), tally).map((fault) => about(`${wish}: ${fault}`)))
      }
    }
    for (const hub of this.#hubs) if (hub.loss.lost > 0) sights.add('a loss')
    t.diagnostic(`of ${tally.matched} entries ${tally.counted} counted; seen: ${[...sights].sort().join(', ')}`)
    const story = `WEIR_TEST_SEED=${seed}: ${this.#history.join('; ')}`
    assert.deepEqual(faults.slice(0, 12), [], `${faults.length} faults with ${story}`)
    assert.ok(tally.counted > tally.matched / 4, `only ${tally.counted} of ${tally.matched} were counted: ${story}`)
    for (const sight of wantedSights) assert.ok(sights.has(sight), `no subscriber has seen ${sight}: ${story}`)
  }

  get #hub(): UnsteadyHub {
    return this.#random.pick(this.#hubs)
  }

  #recordsOf({ source }: Wish): readonly StreamRecord[] {
    return source === 'events' ? this.#events : [this.#bucket]
  }

  #allAtHead(): boolean {
    return this.#clients.every(({ ledgers }) =>
      ledgers.every((ledger) => ledger.isAt(this.#recordsOf(ledger.wish).map(headOf))),
    )
  }

  /**
   * To every hub, since one that was just replaced may have nobody who reads; of all sources, or of
   * one stream of events. Of few messages none may be lost, so it goes on until one was.
   */
  async #lose(share: number): Promise<void> {
    const { tenant } = this.#random.pick(this.#events)
    const prefix = this.#random.pick(['live.', `live.${tenant}.events.`])
    const before = this.#lost
    for (let tries = 0; tries < 10 && this.#lost === before; tries++) {
      await Promise.all(this.#hubs.map((hub) => hub.lose(share, 700, prefix)))
    }
  }

  get #lost(): number {
    return this.#hubs.reduce((sum, { loss }) => sum + loss.lost, 0)
  }

  async #restartNats(crash: boolean): Promise<void> {
    // What a bucket had is known by the acknowledgements alone, so none may be lost.
    await this.#writers.bucket.pause()
    if (crash) await this.#mesh.nats.kill()
    await sleep(this.#random.integer(0, 500))
    await this.#mesh.restartNats()
    this.#writers.bucket.start()
  }

  /** Somebody who reads all is away meanwhile, so that it comes back to a gap. */
  async #purge(): Promise<void> {
    const readers = this.#clients.filter(({ ledgers: [ledger] }) => isEveryEvent(ledger?.wish))
    const absent = this.#random.pick(readers)
    absent.leave()
    await sleep(this.#random.integer(300, 1_200))
    const manager = await jetstreamManager(this.#mesh.nc)
    for (const record of this.#events) {
      await record.follow()
      await manager.streams.purge(record.stream, {
        keep: Math.ceil(this.#random.integer(50, 120) / this.#events.length),
      })
      await record.follow()
    }
    absent.comeBack()
  }

  async #renew(record: StreamRecord, writer: Writer): Promise<void> {
    await writer.pause()
    if (record === this.#bucket) await this.#bucketQuiet()
    await record.follow()
    await (await jetstreamManager(this.#mesh.nc)).streams.delete(record.stream)
    await this.#provision()
    await record.begin()
    writer.start()
  }

  async #provision(): Promise<void> {
    const { tenant, shards } = this.#layout
    await provisionTenant(this.#mesh.nc, tenant, { ...defaultTenantSpec, shards })
  }

  /** Resolves when no key of the bucket is about to expire. */
  async #bucketQuiet(): Promise<void> {
    for (;;) {
      await this.#bucket.follow()
      const subjects = [...this.#bucket.current.entries.values()].filter(({ subject }) => subject.includes('brief'))
      const expired = subjects.filter(({ removal }) => removal === 2).length
      if (2 * expired >= subjects.length) return
      await sleep(100)
    }
  }
}

/** Some read by server-sent events, in either mode. */
function newClient(
  index: number,
  random: Random,
  options: ConstructorParameters<typeof RestlessClient>[3],
): RestlessClient {
  const bySse = index % 4 === 3
  const wishes = Array.from({ length: bySse ? 1 : random.integer(1, 2) }, () =>
    newWish(random, bySse ? [index % 8 === 3 ? Mode.ALL : Mode.LATEST] : undefined),
  )
  const windowBytes = random.pick([0, 16_384, 16_384, 65_536, 262_144])
  const habit: Habit = {
    by: bySse ? 'SSE' : random.happens(0.4) ? 'weir.v1.json' : 'weir.v1',
    windowBytes,
    acknowledgesAfterMs: random.pick([0, 0, 20, 500, undefined]),
    staysMs: random.pick([undefined, 400, 1_500, 4_000]),
    awayMs: random.pick([0, 200, 3_000]),
    forgets: random.pick([0, 0, 0.3]),
  }
  return new RestlessClient(`client ${index}`, habit, wishes, options)
}

function newWish(random: Random, modes: readonly Mode[] = [Mode.ALL, Mode.LATEST]): Wish {
  const source = random.pick(['events', 'events', 'latest'])
  const mode = random.pick(modes)
  const filters = random.pick([['>'], ['north.>'], ['*.hall.*'], ['south.1', 'south.1.>', 'south.hall.>']])
  return { source, filters, mode, intervalMs: mode === Mode.LATEST ? random.pick([0, 0, 50, 400]) : 0 }
}

function isEveryEvent(wish: Wish | undefined): boolean {
  return wish?.source === 'events' && wish.mode === Mode.ALL
}

/** What a run that tries everything has seen. */
const wantedSights = [
  'start HEAD',
  'start MEMORY',
  'start STREAM',
  'start SNAPSHOT',
  'gap epoch',
  'conflated',
  'a loss',
  'SSE ALL',
  'SSE LATEST',
  'a resume by SSE',
]
