import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { limits } from '../limits.ts'
import { Credit } from './credit.ts'
import type { Link } from './link.ts'

const { pingAfterBytes, pingWindowBytes } = limits
const highWaterBytes = 16_384

describe('a client that never acknowledges', () => {
  test('is pinged after so many bytes, once, and gets no more than the window until it answers', () => {
    const { credit, link } = open()
    assert.equal(credit.windowBytes, 0)
    send(credit, pingAfterBytes - 1)
    assert.equal(link.pings, 0)
    send(credit, 1)
    assert.equal(link.pings, 1)
    send(credit, pingWindowBytes - pingAfterBytes)
    assert.equal(credit.accepts(1, 2), false)
    assert.equal(link.pings, 1)
    assert.equal(credit.ponged(), true)
    assert.equal(credit.unacknowledgedBytes, pingWindowBytes - pingAfterBytes)
    assert.equal(credit.ponged(), false, 'a pong that nobody asked for gives nothing')
    assert.equal(credit.unacknowledgedBytes, pingWindowBytes - pingAfterBytes)
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

  test('never waits for a ping that was not sent, and never has more under way than a window or one entry', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 2 * pingWindowBytes }), { minLength: 1, maxLength: 100 })
    fc.assert(
      fc.property(sizes, (entries) => {
        const { credit, link } = open()
        for (const bytes of entries) {
          // It answers only what it must be asked for.
          for (let asked = 0; !credit.accepts(bytes, 1); asked++) {
            assert.ok(link.pings > 0 && asked < 3, `${bytes} bytes wait for ever`)
            link.pings = 0
            credit.ponged()
          }
          const before = credit.unacknowledgedBytes
          send(credit, bytes)
          assert.ok(before + bytes <= pingWindowBytes || before <= pingWindowBytes / 2)
        }
      }),
    )
  })
})

function open(): { credit: Credit; link: Link & { pings: number } } {
  const link = {
    ip: '127.0.0.1',
    bufferedBytes: 0,
    pings: 0,
    send: () => true,
    close: () => undefined,
    ping() {
      this.pings++
    },
  }
  const credit = new Credit(link, highWaterBytes, 0)
  credit.open(0, 1e6)
  return { credit, link }
}

function send(credit: Credit, bytes: number): void {
  assert.equal(credit.accepts(bytes, 1), true)
  credit.spend(bytes, true)
}
