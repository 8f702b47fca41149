import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Kept, nothingKept } from '../extension/src/kept.ts'
import { Outbox } from '../extension/src/outbox.ts'
import type { Telemetry } from '../extension/src/telemetry.ts'

class Place {
  kept: Kept = { ...nothingKept, room: 'r1', server: 'http://mesh/', token: 't' }
  /** Status of the answers; 0 for no answer. */
  status = 200
  readonly sent: Telemetry[] = []
  /** The keys of all attempts. */
  readonly keys: string[] = []
  readonly outbox = new Outbox({
    read: async () => this.kept,
    keep: async (changes) => {
      this.kept = { ...this.kept, ...changes }
    },
    fetch: async (url, init) => {
      assert.equal(url, 'http://mesh/api/tracking/telemetry')
      this.keys.push(new Headers(init?.headers).get('idempotency-key') ?? '')
      await this.whileSending()
      if (this.status === 0) throw new TypeError('Failed to fetch')
      if (this.status === 200) this.sent.push(JSON.parse(String(init?.body)) as Telemetry)
      return new Response(JSON.stringify({ detail: `because ${this.status}` }), { status: this.status })
    },
    now: () => 1_000,
  })
  whileSending = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 1))
}

function report(tips: number): Telemetry {
  return {
    room_id: 'r1',
    platform: 'alpha',
    tokens_count: 0,
    tips_count: tips,
    viewers_count: 1,
    timestamp: '2026-01-01T00:00:00Z',
  }
}

test('what comes while the server is away is sent in its order when it is back', async () => {
  const place = new Place()
  place.status = 0
  await Promise.all([1, 2, 3].map((tips) => place.outbox.add(report(tips))))
  assert.equal(place.kept.status.link, 'offline')
  assert.equal(place.kept.queue.length, 3)
  place.status = 200
  // Also by another worker, which knows of them by the storage alone.
  await Promise.all([place.outbox.add(report(4)), place.outbox.flush()])
  await place.outbox.flush()
  assert.deepEqual(
    place.sent.map(({ tips_count }) => tips_count),
    [1, 2, 3, 4],
  )
  assert.deepEqual(place.kept.status, { link: 'connected', reason: '', readMs: 1_000, sentMs: 1_000, lost: 0 })
})

test('a server that is asked too much gets the same report later, and none is lost', async () => {
  const place = new Place()
  place.status = 429
  await Promise.all([1, 2].map((tips) => place.outbox.add(report(tips))))
  assert.deepEqual([place.kept.status.link, place.kept.status.reason], ['busy', 'because 429'])
  place.status = 200
  await place.outbox.flush()
  assert.deepEqual(
    place.sent.map(({ tips_count }) => tips_count),
    [1, 2],
  )
  assert.equal(place.kept.status.lost, 0)
  // Each attempt for the first says that it is the first; the second is another.
  assert.equal(new Set(place.keys).size, 2)
  assert.ok(place.keys.length > 2)
})

test('a token that is refused keeps the reports, a body that is refused is left out and counted', async () => {
  const place = new Place()
  place.status = 401
  await place.outbox.add(report(1))
  assert.deepEqual([place.kept.status.link, place.kept.status.reason], ['refused', 'because 401'])
  place.status = 422
  await place.outbox.flush()
  assert.deepEqual([place.kept.queue.length, place.kept.status.lost], [0, 1])
})

test('a server that is none, or the wrong one, keeps the reports', async () => {
  for (const status of [404, 405]) {
    const place = new Place()
    place.status = status
    await place.outbox.add(report(1))
    assert.deepEqual([place.kept.status.link, place.kept.queue.length, place.kept.status.lost], ['refused', 1, 0])
  }
})

test('reports of a room that the person has set no more do not keep back those of the next', async () => {
  const place = new Place()
  place.status = 403
  await place.outbox.add(report(1))
  assert.equal(place.kept.queue.length, 1)
  place.kept = { ...place.kept, room: 'r2' }
  await place.outbox.flush()
  assert.deepEqual([place.kept.queue.length, place.kept.status.lost], [0, 1])
})

test('a report that was stored as the queue ran over takes no other with it', async () => {
  const place = new Place()
  place.status = 0
  for (let tips = 0; tips < 720; tips++) await place.outbox.add(report(tips))
  place.status = 200
  let isFull = true
  place.whileSending = async () => {
    if (!isFull) return
    isFull = false
    // It comes while the first is on its way, and pushes it out of the queue.
    void place.outbox.add(report(720))
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await place.outbox.flush()
  assert.deepEqual(
    place.sent.map(({ tips_count }) => tips_count),
    Array.from({ length: 721 }, (_, tips) => tips),
  )
})

test('an outage of more than an hour leaves out the oldest, and counts them', async () => {
  const place = new Place()
  place.status = 0
  for (let tips = 0; tips < 723; tips++) await place.outbox.add(report(tips))
  assert.equal(place.kept.queue.length, 720)
  assert.equal(place.kept.queue[0]?.report.tips_count, 3)
  assert.equal(place.kept.status.lost, 3)
  assert.deepEqual([place.kept.status.link, place.kept.status.reason], ['offline', 'The server does not answer.'])
})
