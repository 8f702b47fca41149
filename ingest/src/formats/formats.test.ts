import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { EventSchema, isSubject, validateEvent, WeirError } from '@weir/proto'
import fc from 'fast-check'
import { type FormatSample, formatSamples } from '../../test/format-samples.ts'
import { parseContentType } from '../body/content-type.ts'
import { EventIds } from '../encode/event-id.ts'
import { type IngestRecord, isRejected } from '../encode/record.ts'
import { Defaults } from '../encode/seal.ts'

// The contract of the seam: what every decoder promises, for good bodies and for any other.

const now = 1_790_000_000_123

for (const sample of formatSamples) {
  test(`${sample.name}: a good body gives complete and valid records in its order`, () => {
    const records = decode(sample, sample.body)
    assert.deepEqual(
      records.map((record) => (isRejected(record) ? record.message : record.subject)),
      sample.subjects,
    )
    assertSound(records)
  })

  test(`${sample.name}: the same request with the same key gives the same ids`, () => {
    const ids = (records: readonly IngestRecord[]): unknown[] => records.map((record) => 'id' in record && record.id)
    assert.deepEqual(ids(decode(sample, sample.body)), ids(decode(sample, sample.body)))
  })

  test(`${sample.name}: cut off at any byte, it is refused or gives sound records`, () => {
    for (let length = 0; length < sample.body.length; length++) survive(sample, sample.body.slice(0, length))
  })

  test(`${sample.name}: with any byte changed, it is refused or gives sound records`, () => {
    const change = fc.record({
      at: fc.nat({ max: sample.body.length - 1 }),
      byte: fc.integer({ min: 0, max: 255 }),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const body = sample.body.slice()
        for (const { at, byte } of changes) body[at] = byte
        survive(sample, body)
      }),
      { numRuns: 300 },
    )
  })

  test(`${sample.name}: any bytes are refused or give sound records`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => survive(sample, body)),
      { numRuns: 200 },
    )
  })
}

function decode(sample: FormatSample, body: Uint8Array): readonly IngestRecord[] {
  const contentType = sample.contentType
  return sample.decoder.decode(body, {
    contentType: parseContentType(contentType),
    headers: new Headers({ 'content-type': contentType, ...sample.headers }),
    parameters: sample.parameters ?? {},
    url: 'http://ingest/?bucket=b&precision=ns',
    defaults: new Defaults(now, new EventIds('key'), 86_400_000),
  })
}

function survive(sample: FormatSample, body: Uint8Array): void {
  let records: readonly IngestRecord[]
  try {
    records = decode(sample, body)
  } catch (thrown) {
    assert.ok(thrown instanceof WeirError, String(thrown))
    assert.ok(['malformed', 'too_large'].includes(thrown.code), thrown.code)
    return
  }
  assertSound(records)
}

function assertSound(records: readonly IngestRecord[]): void {
  records.forEach((record, at) => {
    assert.equal(record.index, at)
    if (isRejected(record)) {
      assert.ok(['malformed', 'invalid', 'too_large'].includes(record.code), `${record.code}: ${record.message}`)
      assert.ok(record.message.length > 0 && record.message.length < 1000)
      return
    }
    assert.ok(isSubject(record.subject), record.subject)
    const event = fromBinary(EventSchema, record.event)
    assert.equal(validateEvent(event), undefined)
    assert.equal(event.id, record.id)
    assert.notEqual(event.id, '')
    assert.notEqual(event.time, undefined)
  })
}
