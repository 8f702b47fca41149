import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ArrivalTimes } from './arrival-times.ts'

describe('arrival times', () => {
  test('tell the age of what came, to a quarter of a second', () => {
    const arrivals = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 500 })
    fc.assert(
      fc.property(arrivals, fc.nat({ max: 5_000 }), (waits, later) => {
        const times = new ArrivalTimes()
        const came: number[] = []
        let now = 0
        for (const wait of waits) {
          now += wait
          came.push(now)
          times.note(came.length, now)
        }
        now += later
        for (const [index, at] of came.entries()) {
          const age = times.ageOf(index, now)
          assert.ok(Math.abs(age - (now - at)) <= 250, `entry ${index + 1} came at ${at}, its age at ${now} is ${age}`)
        }
      }),
    )
  })

  test('are bounded, keep the newest, and grow coarser with age', () => {
    const times = new ArrivalTimes()
    for (let second = 1; second <= 100_000; second++) times.note(second, second * 1_000)
    const now = 100_000_000
    assert.equal(times.ageOf(99_999, now), 0)
    const ages = [99_990, 99_000, 50_000].map((seq) => times.ageOf(seq, now))
    assert.ok(ages.every((age, index) => index === 0 || age > (ages[index - 1] as number)))
    assert.ok(Math.abs((ages[1] as number) - 1_000_000) < 500_000, `${ages[1]}`)
  })

  test('say nothing of an empty log', () => {
    assert.equal(new ArrivalTimes().ageOf(0, 1_000), 0)
  })
})
