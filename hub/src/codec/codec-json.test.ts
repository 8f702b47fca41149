import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { BatchSchema, batchToJson, EventSchema, entryBytesMax, Removal, writeEntry } from '@weir/proto'
import fc from 'fast-check'
import type { Entry } from '../engine/log/entry.ts'
import { jsonCodec } from './codec-json.ts'

const entry = fc.record({
  subject: fc.constantFrom('a', 'rooms.r1', 'rooms.r=2.x_y-z'),
  removal: fc.constantFrom(
    Removal.UNSPECIFIED,
    Removal.UNSPECIFIED,
    Removal.UNSPECIFIED,
    Removal.DELETED,
    Removal.EXPIRED,
  ),
  id: fc.string({ unit: 'grapheme' }),
  data: fc.oneof(
    fc.jsonValue().map((value) => ({ case: 'json' as const, value: JSON.stringify(value) })),
    fc.dictionary(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((metrics) => ({
      case: 'reading' as const,
      value: { $typeName: 'weir.v1.Reading' as const, metrics, units: {}, times: {}, integers: {} },
    })),
  ),
})
const count = fc.nat({ max: 2 ** 31 })
const head = fc.record({ channel: count, from: count, to: count, conflated: count, uncounted: fc.boolean() })

test('a batch is what the reference writes', () => {
  fc.assert(
    fc.property(head, fc.array(entry), (fields, parts) => {
      const entries = parts.map(({ subject, removal, id, data }, index) => {
        const event = toBinary(EventSchema, create(EventSchema, { id, data }))
        return { subject, seq: fields.from + 1 + index, removal, event }
      })
      const batch = create(BatchSchema, {
        channel: fields.channel,
        from: BigInt(fields.from),
        to: BigInt(fields.to),
        conflated: BigInt(fields.conflated),
        uncounted: fields.uncounted,
        entries: entries.map(({ subject, seq, removal, event }) => ({
          subject,
          seq: BigInt(seq),
          content:
            removal === Removal.UNSPECIFIED
              ? { case: 'event' as const, value: event }
              : { case: 'removal' as const, value: removal },
        })),
      })
      const written = jsonCodec.batch(fields, 36, entries.map(encoded))
      assert.deepEqual(JSON.parse(new TextDecoder().decode(written)), JSON.parse(batchToJson(batch, 36)))
    }),
  )
})

test('data goes on as the producer wrote it', () => {
  const data = '{"id": 12345678901234567890, "at":1.0, "n":1e400, "a":1, "a":2}'
  const event = toBinary(EventSchema, create(EventSchema, { data: { case: 'json', value: data } }))
  const one = encoded({ subject: 'a', seq: 1, removal: Removal.UNSPECIFIED, event })
  const head = { channel: 1, from: 0, to: 1, conflated: 0, uncounted: false }
  assert.ok(new TextDecoder().decode(jsonCodec.batch(head, 36, [one])).endsWith(`"event":{"data":${data}}}]}`))
})

function encoded(part: { subject: string; seq: number; removal: Removal; event: Uint8Array }): Entry {
  const { subject, seq, removal, event } = part
  const bytes = new Uint8Array(entryBytesMax(subject.length, event.length))
  const end = writeEntry(bytes, 0, subject, seq, event, removal)
  return { seq, state: { subject, latest: undefined, answer: 0, routedAt: -1 }, removal, bytes, start: 0, end }
}
