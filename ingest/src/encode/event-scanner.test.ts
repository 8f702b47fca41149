import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { EventSchema, validateEvent } from '@weir/proto'
import fc from 'fast-check'
import { arbitraryEvent } from '../../test/arbitrary-event.ts'
import { EventScanner } from './event-scanner.ts'

const scanner = new EventScanner()

test('recognises good readings and binaries, and finds their id and time', () => {
  let recognised = 0
  fc.assert(
    fc.property(arbitraryEvent, fc.nat(20), (event, before) => {
      const encoded = toBinary(EventSchema, event)
      const bytes = new Uint8Array(before + encoded.length + 3).fill(0xff)
      bytes.set(encoded, before)
      const end = before + encoded.length
      const { data, time } = event
      const plain =
        event.traceparent === '' &&
        (time === undefined || time.seconds >= 0n) &&
        (data.case === undefined ||
          data.case === 'binary' ||
          (data.case === 'reading' && Object.keys({ ...data.value.times, ...data.value.integers }).length === 0))
      assert.equal(scanner.scan(bytes, before, end), plain)
      if (!plain) return
      recognised++
      assert.equal(scanner.hasTime, time !== undefined)
      assert.equal(new TextDecoder().decode(bytes.subarray(scanner.idStart, scanner.idEnd)), event.id)
    }),
    { numRuns: 3000 },
  )
  assert.ok(recognised > 100)
})

test('what it recognises decodes, keeps to the rules, and is canonical: the oracle is the generated code', () => {
  let recognised = 0
  const change = fc.record({ at: fc.nat(400), byte: fc.integer({ min: 0, max: 255 }) })
  fc.assert(
    fc.property(arbitraryEvent, fc.array(change, { maxLength: 3 }), (event, changes) => {
      const bytes = toBinary(EventSchema, event)
      for (const { at, byte } of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte
      if (!scanner.scan(bytes, 0, bytes.length)) return
      recognised++
      const decoded = fromBinary(EventSchema, bytes)
      assert.equal(validateEvent(decoded), undefined)
      assert.deepEqual(toBinary(EventSchema, decoded), bytes)
    }),
    { numRuns: 5000 },
  )
  assert.ok(recognised > 100)
})

test('does not recognise what breaks a rule', () => {
  const labels = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v']))
  const metrics = (count: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 1]))
  const reading = (value: object) => create(EventSchema, { data: { case: 'reading', value } })
  const broken = [
    create(EventSchema, { id: 'x'.repeat(129) }),
    create(EventSchema, { type: 'x'.repeat(257) }),
    create(EventSchema, { source: 'x'.repeat(1025) }),
    create(EventSchema, { labels: labels(65) }),
    create(EventSchema, { labels: { '': 'v' } }),
    create(EventSchema, { labels: { ['k'.repeat(129)]: 'v' } }),
    create(EventSchema, { labels: { k: 'v'.repeat(2049) } }),
    create(EventSchema, { time: { seconds: 253_402_300_800n } }),
    create(EventSchema, { time: { nanos: 1_000_000_000 } }),
    create(EventSchema, { time: { nanos: -1 } }),
    reading({}),
    reading({ metrics: metrics(257) }),
    reading({ metrics: { a: Number.NaN } }),
    reading({ metrics: { a: Number.POSITIVE_INFINITY } }),
    reading({ metrics: { a: Number.NEGATIVE_INFINITY } }),
    reading({ metrics: { a: 1 }, units: { a: 'u'.repeat(65) } }),
  ]
  for (const event of broken) {
    const bytes = toBinary(EventSchema, event)
    assert.equal(scanner.scan(bytes, 0, bytes.length), false, JSON.stringify(event, (_, v) => String(v)).slice(0, 100))
  }
  const good = toBinary(EventSchema, create(EventSchema, { id: 'a', type: 'b' }))
  const twice = Uint8Array.from([...good, ...good])
  assert.equal(scanner.scan(twice, 0, twice.length), false, 'fields twice')
  const unknown = Uint8Array.from([...good, 0xf8, 0x3f, 0x01])
  assert.equal(scanner.scan(unknown, 0, unknown.length), false, 'a field that is not known')
  assert.equal(scanner.scan(Uint8Array.of(0x0a, 0x01, 0xff), 0, 3), false, 'no UTF-8')
  assert.equal(scanner.scan(Uint8Array.of(0x0a, 0x81, 0x00, 0x61), 0, 4), false, 'a length that is not the shortest')
})
