import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventStream, jetstreamManager } from '@weir/mesh'
import { type RunningIngest, startIngest } from './running-ingest.ts'
import { type StallingProxy, startProxy } from './stalling-proxy.ts'

const json = { 'content-type': 'application/json' }

/** Producers that send each event, with an id of its own, until it is answered with 200. */
class Producers {
  readonly stored: string[] = []
  readonly statuses = new Set<number>()
  readonly #ingest: RunningIngest
  #running = true
  #next = 0
  readonly #loops: Promise<void>[]

  constructor(ingest: RunningIngest, count: number) {
    this.#ingest = ingest
    this.#loops = Array.from({ length: count }, () => this.#produce())
  }

  async stop(): Promise<void> {
    this.#running = false
    await Promise.all(this.#loops)
  }

  async #produce(): Promise<void> {
    while (this.#running) {
      const id = `event-${this.#next++}`
      for (;;) {
        const answer = await this.#ingest.post('/v1/events', JSON.stringify({ subject: `rooms.${id}`, id }), json)
        this.statuses.add(answer.status)
        await answer.text()
        if (answer.status === 200) break
        await sleep(50)
      }
      this.stored.push(id)
    }
  }
}

async function assertExactlyOnce(ingest: RunningIngest, ids: readonly string[]): Promise<void> {
  const messageIds = (await ingest.stored()).map(({ messageId }) => messageId)
  assert.equal(new Set(messageIds).size, messageIds.length, 'an id is in the stream twice')
  assert.deepEqual([...messageIds].sort(), [...ids].sort())
}

test('NATS killed and started again while producers send: every 200 is in the stream exactly once', async () => {
  const ingest = await startIngest({ publishing: { deadlineMs: 4_000 } })
  try {
    const producers = new Producers(ingest, 8)
    for (let outage = 0; outage < 2; outage++) {
      const before = producers.stored.length
      while (producers.stored.length < before + 200) await sleep(10)
      await ingest.nats.kill()
      await ingest.nats.restart()
    }
    const before = producers.stored.length
    while (producers.stored.length < before + 200) await sleep(10)
    await producers.stop()
    await assertExactlyOnce(ingest, producers.stored)
  } finally {
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
    const ids = (await ingest.stored()).map(({ messageId }) => messageId)
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
    while (refused.length < 20) await sleep(10)
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
      (await ingest.stored()).map(({ messageId }) => messageId),
      ids,
    )
  } finally {
    await ingest.stop()
  }
})
