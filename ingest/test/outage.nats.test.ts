import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventStream, jetstreamManager } from '@weir/mesh'
import { type SmallDisk, startSmallDisk } from '@weir/mesh/testing'
import { type RunningIngest, startIngest } from './running-ingest.ts'
import { type StallingProxy, startProxy } from './stalling-proxy.ts'

const json = { 'content-type': 'application/json' }

/** Producers that send each event, with an id of its own, until it is answered with 200. */
class Producers {
  readonly stored: string[] = []
  /**
   * Of the answers that were not 200, with a question mark where they did not say when to come
   * again.
   */
  readonly refusals = new Set<string>()
  inFlightMost = 0
  readonly #ingest: RunningIngest
  readonly #data: string
  #running = true
  #abandoned = false
  #next = 0
  readonly #loops: Promise<void>[]

  constructor(ingest: RunningIngest, count: number, dataBytes = 0) {
    this.#ingest = ingest
    this.#data = 'x'.repeat(dataBytes)
    this.#loops = Array.from({ length: count }, () => this.#produce())
  }

  async stop(): Promise<void> {
    this.#running = false
    await Promise.all(this.#loops)
  }

  /** Ends them whether or not what they sent is stored: in a finally. */
  abandon(): void {
    this.#running = false
    this.#abandoned = true
  }

  async #produce(): Promise<void> {
    while (this.#running) {
      const id = `event-${this.#next++}`
      const event = JSON.stringify({ subject: `rooms.${id}`, id, data: this.#data })
      while (!(await this.#store(event))) {
        if (this.#abandoned) return
        await sleep(50)
      }
      this.stored.push(id)
    }
  }

  async #store(event: string): Promise<boolean> {
    const answer = await this.#ingest.post('/v1/events', event, json)
    this.inFlightMost = Math.max(this.inFlightMost, this.#ingest.publisher.inFlight)
    const { code } = (await answer.json()) as { code?: string }
    if (answer.status !== 200) {
      this.refusals.add(`${answer.status} ${code}${answer.headers.has('retry-after') ? '' : '?'}`)
    }
    return answer.status === 200
  }
}

/** Gives up after a time that no sound run needs, so that what the test started is ended. */
async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!condition()) {
    assert.ok(Date.now() < deadline, `${what}: not after a minute`)
    await sleep(10)
  }
}

async function assertExactlyOnce(ingest: RunningIngest, ids: readonly string[]): Promise<void> {
  const stored = (await ingest.stored()).map(({ event }) => event.id)
  assert.equal(new Set(stored).size, stored.length, 'an id is in the stream twice')
  assert.deepEqual([...stored].sort(), [...ids].sort())
}

test('NATS killed and started again while producers send: every 200 is in the stream exactly once', async () => {
  const ingest = await startIngest({ publishing: { deadlineMs: 4_000 } })
  const producers = new Producers(ingest, 8)
  try {
    for (let outage = 0; outage < 2; outage++) {
      const before = producers.stored.length
      await until('200 more are stored', () => producers.stored.length >= before + 200)
      await ingest.nats.kill()
      await ingest.nats.restart()
    }
    const before = producers.stored.length
    await until('200 more are stored', () => producers.stored.length >= before + 200)
    await producers.stop()
    await assertExactlyOnce(ingest, producers.stored)
  } finally {
    producers.abandon()
    await ingest.stop()
  }
})

test('NATS stopped: 503 with Retry-After within the deadline, and 200 again after it is back', async () => {
  const ingest = await startIngest({ publishing: { deadlineMs: 300 } })
  try {
    const send = (id: string): Promise<Response> =>
      ingest.post('/v1/events', JSON.stringify({ subject: 'a', id }), json)
    assert.equal((await send('1')).status, 200)
    await ingest.nats.kill()
    const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => send(`away-${at}`)))
    for (const answer of answers) {
      assert.equal(answer.status, 503)
      assert.match(answer.headers.get('retry-after') ?? '', /^[123]$/)
      assert.equal(((await answer.json()) as { code: string }).code, 'unavailable')
    }
    await ingest.nats.restart()
    while ((await send('2')).status !== 200) await sleep(50)
    const ids = (await ingest.stored()).map(({ event }) => event.id)
    assert.deepEqual(ids.filter((id) => !id.startsWith('away-')).sort(), ['1', '2'])
  } finally {
    await ingest.stop()
  }
})

test('NATS slow: what waits is bounded, what is over the bound is 503, and what was promised is kept', async () => {
  let proxy: StallingProxy | undefined
  const ingest = await startIngest({
    publishing: { deadlineMs: 5_000, inFlightMax: 10 },
    proxy: async (port) => {
      proxy = await startProxy(port)
      return proxy
    },
  })
  try {
    proxy?.stall()
    const stored: string[] = []
    const refused: Response[] = []
    const answers = Array.from({ length: 30 }, async (_, at) => {
      const answer = await ingest.post('/v1/events', JSON.stringify({ subject: 'a', id: `${at}` }), json)
      if (answer.status === 200) stored.push(`${at}`)
      else refused.push(answer)
    })
    await until('20 are refused', () => refused.length === 20)
    assert.equal(stored.length, 0)
    proxy?.resume()
    await Promise.all(answers)
    for (const answer of refused) {
      assert.equal(answer.status, 503)
      assert.equal(((await answer.json()) as { code: string }).code, 'overloaded')
    }
    assert.equal(stored.length, 10)
    await assertExactlyOnce(ingest, stored)
  } finally {
    await ingest.stop()
  }
})

const disk = await startSmallDisk(16)
after(() => disk?.remove())

test('the disk of NATS is full while producers send: 503, bounded memory, and with room again every 200 is there once', {
  skip: disk === undefined && 'this system gives users no file system of their own',
}, async () => {
  const { folder, makeRoom } = disk as SmallDisk
  const ingest = await startIngest({
    publishing: { deadlineMs: 2_000, inFlightMax: 8 },
    natsOptions: {
      // The server's own idea of how much fits is out of the way.
      config: ({ host, port }) =>
        `listen: "${host}:${port}"\njetstream { store_dir: "${folder}/data", max_file_store: 100GB }\n`,
    },
  })
  const producers = new Producers(ingest, 16, 20_000)
  try {
    await until('it is refused', () => producers.refusals.has('503 unavailable'))
    assert.ok(producers.stored.length > 0)
    // The server has turned its JetStream off, and takes events again when it is started with room.
    await makeRoom()
    await ingest.nats.kill()
    await ingest.nats.restart()
    const before = producers.stored.length
    await until('100 more are stored', () => producers.stored.length >= before + 100)
    await producers.stop()
    assert.deepEqual([...producers.refusals].sort(), ['503 overloaded', '503 unavailable'])
    assert.equal(producers.inFlightMost, 8)
    await assertExactlyOnce(ingest, producers.stored)
  } finally {
    producers.abandon()
    await ingest.stop()
  }
})

test('the stream is full: 503, and 200 again when there is room', async () => {
  const ingest = await startIngest()
  try {
    const manager = await jetstreamManager(ingest.direct)
    const name = eventStream('main')
    await manager.streams.update(name, { discard: 'new', max_msgs: 2 } as never)
    const batch = JSON.stringify(['1', '2', '3'].map((id) => ({ subject: 'a', id })))
    const full = await ingest.post('/v1/events', batch, json)
    assert.equal(full.status, 503)
    const { accepted, rejected } = (await full.json()) as { accepted: number; rejected: { index: number }[] }
    assert.equal(accepted, 2)
    assert.deepEqual(
      rejected.map(({ index }) => index),
      [2],
    )
    await manager.streams.update(name, { max_msgs: -1 } as never)
    const again = await ingest.post('/v1/events', batch, json)
    assert.deepEqual(await again.json(), { accepted: 3, duplicates: 2 })
    await assertExactlyOnce(ingest, ['1', '2', '3'])
  } finally {
    await ingest.stop()
  }
})

test('the order of a connection is the order of the stream', async () => {
  const ingest = await startIngest()
  try {
    const ids: string[] = []
    for (let at = 0; at < 20; at++) {
      const batch = Array.from({ length: 1 + (at % 5) }, (_, place) => ({ subject: `s${place}`, id: `${at}-${place}` }))
      ids.push(...batch.map(({ id }) => id))
      await (await ingest.post('/v1/events', JSON.stringify(batch), json)).text()
    }
    assert.deepEqual(
      (await ingest.stored()).map(({ event }) => event.id),
      ids,
    )
  } finally {
    await ingest.stop()
  }
})
