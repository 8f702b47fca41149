import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { limits } from '../limits.ts'
import { Credit, type Peer } from './credit.ts'

const { pingAfterBytes, pingWindowBytes } = limits

describe('a client that never acknowledges', () => {
  test('is pinged after so many bytes, and gets no more than the window until it answers', () => {
    const { credit, link } = open()
    assert.equal(credit.windowBytes, 0)
    send(credit, pingAfterBytes - 1)
    assert.equal(link.pings, 0)
    send(credit, 1)
    assert.equal(link.pings, 1)
    send(credit, pingWindowBytes)
    assert.equal(credit.accepts(1, 2), false)
    assert.equal(link.pings, 1)
    assert.equal(credit.unacknowledgedBytes, pingWindowBytes)
    assert.equal(credit.ponged(), true)
    assert.equal(credit.unacknowledgedBytes, 0)
    assert.equal(credit.accepts(1, 2), true)
    assert.equal(credit.ponged(), false, 'a pong that nobody asked for gives nothing')
  })

  test('is pinged once in a step at most, and gets everything meanwhile', () => {
    const { credit, link } = open()
    for (let step = 1; step <= 5; step++) {
      for (let sent = 0; sent < 20; sent++) {
        send(credit, pingAfterBytes)
        credit.ponged()
      }
      assert.equal(link.pings, step)
      credit.stalledMs(step * 1_000)
    }
  })

  test('is stalled when it does not answer, not when it was not asked', () => {
    const { credit } = open()
    send(credit, 1_000)
    assert.equal(credit.stalledMs(0), 0)
    assert.equal(credit.stalledMs(90_000), 0)
    send(credit, pingAfterBytes)
    assert.equal(credit.stalledMs(100_000), 10_000)
    credit.ponged()
    assert.equal(credit.stalledMs(101_000), 0)
  })

  test('never waits for an answer that it was not asked for', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 2 * pingWindowBytes }), { minLength: 1, maxLength: 100 })
    fc.assert(
      fc.property(sizes, fc.array(fc.boolean(), { minLength: 1 }), (entries, steps) => {
        const { credit, link } = open()
        let answered = 0
        for (const [at, bytes] of entries.entries()) {
          if (steps[at % steps.length]) credit.stalledMs(at)
          if (!credit.accepts(bytes, 1)) {
            assert.equal(link.pings, ++answered)
            assert.equal(credit.ponged(), true)
          }
          send(credit, bytes)
        }
      }),
    )
  })
})

function open(): { credit: Credit; link: Peer & { pings: number } } {
  const link = {
    bufferedBytes: 0,
    highWaterBytes: 16_384,
    pings: 0,
    ping() {
      this.pings++
    },
  }
  const credit = new Credit(link, 0)
  credit.open(0, 1e6)
  return { credit, link }
}

function send(credit: Credit, bytes: number): void {
  assert.equal(credit.accepts(bytes, 1), true)
  credit.spend(bytes, true)
}
