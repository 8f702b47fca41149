import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type Event, EventSchema, entryBytesMax, eventToJson, Removal, writeEntry } from '@weir/proto'
import fc from 'fast-check'
import type { Reads } from '../../engine/delivery/channel-kind.ts'
import type { Entry } from '../../engine/log/entry.ts'
import { type Publication, PublicationSchema, ReplySchema } from '../../gen/centrifuge/v2/client_pb.js'
import { centrifugeJsonCodec, centrifugeProtobufCodec, jsonPublications, protobufPublications } from './batch-codecs.ts'
import { ourTags } from './publication.ts'

const rooms: Reads = { source: 'events', filters: ['rooms.>'], intervalMs: 0 }
const quiet = { channel: 1, from: 0, to: 9, conflated: 0, uncounted: false }

describe('what a publication says of an event', () => {
  test('is the same in both encodings, and what the event says', () => {
    fc.assert(
      fc.property(fc.array(anyEvent(), { maxLength: 4 }), fc.nat(3), fc.boolean(), (events, conflated, uncounted) => {
        const entries = events.map((event, at) => entryOf('rooms.r1', 7 + at, toBinary(EventSchema, event)))
        const head = { ...quiet, conflated, uncounted }
        const wanted = events.map((event, at) => publicationOf(event, 7 + at, at === 0 ? { conflated, uncounted } : {}))
        assert.deepEqual(pushes(centrifugeJsonCodec.batch(head, 1, entries, rooms), 'json'), wanted)
        assert.deepEqual(pushes(centrifugeProtobufCodec.batch(head, 1, entries, rooms), 'protobuf'), wanted)
      }),
    )
  })

  test('is its data as the producer wrote it, on one line', () => {
    const value = '{"id": 12345678901234567890,\r\n "at":1.0, "n":1e400, "a":1, "a":2}'
    const written = text(centrifugeJsonCodec.batch(quiet, 1, [jsonEntry(value)], rooms))
    assert.ok(written.includes(`"data":${value.replace('\r\n', '  ')},`), written)
    assert.equal(written.split('\n').length, 1)
  })

  for (const [why, value] of [
    ['is no JSON', 'hello'],
    ['would end the message', '1}}\n{"push":{}}'],
    ['is cut short', '{"a":'],
  ] as const) {
    test(`is a string where its data ${why}`, () => {
      const [push] = pushes(centrifugeJsonCodec.batch(quiet, 1, [jsonEntry(value)], rooms), 'json')
      assert.equal(push?.data, value)
    })
  }

  test('is null where the event cannot be decoded, and the next one is not disturbed', () => {
    const damaged = fc
      .record({ event: anyEvent(), at: fc.nat(200), value: fc.nat(255), cut: fc.nat(200) })
      .map(({ event, at, value, cut }) => {
        const bytes = toBinary(EventSchema, event).slice(0, cut)
        if (at < bytes.length) bytes[at] = value
        return bytes
      })
    const good = toBinary(EventSchema, create(EventSchema, { id: 'a', data: { case: 'json', value: '1' } }))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), damaged), (garbage) => {
        const entries = [entryOf('rooms.r1', 1, garbage), entryOf('rooms.r1', 2, good)]
        for (const codec of [centrifugeJsonCodec, centrifugeProtobufCodec]) {
          const encoding = codec === centrifugeJsonCodec ? 'json' : 'protobuf'
          const got = pushes(codec.batch(quiet, 1, entries, rooms), encoding)
          assert.equal(got.length, 2)
          assert.deepEqual(got[1], { data: 1, offset: 2, tags: { subject: 'rooms.r1', id: 'a' }, channel: 'rooms.r1' })
        }
      }),
      { numRuns: 3_000 },
    )
  })

  test('is that it was removed, and why', () => {
    const bytes = new Uint8Array(entryBytesMax(8, 0))
    const end = writeEntry(bytes, 0, 'rooms.r1', 5, new Uint8Array(0), Removal.EXPIRED)
    const state = { subject: 'rooms.r1', latest: undefined, answer: 0, routedAt: -1 }
    const entry = { seq: 5, state, removal: Removal.EXPIRED, bytes, start: 0, end }
    const reads = { source: 'latest', filters: ['rooms.*'], intervalMs: 500 }
    const wanted = {
      data: null,
      removed: true,
      offset: 5,
      channel: 'latest:rooms.r1',
      tags: { subject: 'rooms.r1', removed: 'EXPIRED', interval: '500' },
    }
    assert.deepEqual(pushes(centrifugeJsonCodec.batch(quiet, 1, [entry], reads), 'json', 'latest:rooms.*'), [wanted])
    assert.deepEqual(pushes(centrifugeProtobufCodec.batch(quiet, 1, [entry], reads), 'protobuf', 'latest:rooms.*'), [
      wanted,
    ])
  })

  test('has a time before 1970, and a label that is called like a tag of ours', () => {
    const event = create(EventSchema, {
      time: { seconds: -1n, nanos: 5 },
      labels: { subject: 'mine', region: 'eu "1"\u2028' },
      data: { case: 'json', value: '1' },
    })
    const [entry] = [entryOf('rooms.r1', 1, toBinary(EventSchema, event))]
    const tags = {
      subject: 'rooms.r1',
      time: '1969-12-31T23:59:59.000000005Z',
      'label.subject': 'mine',
      region: 'eu "1"\u2028',
    }
    assert.deepEqual(pushes(centrifugeJsonCodec.batch(quiet, 1, [entry as Entry], rooms), 'json')[0]?.tags, tags)
    assert.deepEqual(
      pushes(centrifugeProtobufCodec.batch(quiet, 1, [entry as Entry], rooms), 'protobuf')[0]?.tags,
      tags,
    )
  })
})

test('a batch without entries has no bytes', () => {
  assert.equal(centrifugeJsonCodec.batch(quiet, 1, [], rooms).length, 0)
  assert.equal(centrifugeProtobufCodec.batch(quiet, 1, [], rooms).length, 0)
})

test('publications of an answer are those of pushes', () => {
  const entries = [jsonEntry('1'), jsonEntry('[2]')]
  const wanted = pushes(centrifugeJsonCodec.batch(quiet, 1, entries, rooms), 'json')
  assert.deepEqual(
    jsonPublications(entries, rooms).map((bytes) => JSON.parse(text(bytes))),
    wanted,
  )
  assert.deepEqual(
    protobufPublications(entries, rooms).map((bytes) => plain(fromBinary(PublicationSchema, bytes))),
    wanted,
  )
})

interface Plain {
  readonly data: unknown
  readonly offset: number
  readonly tags: Readonly<Record<string, string>>
  readonly channel?: string
  readonly removed?: boolean
}

/** What a publication of an event is to be, by the generated code. */
function publicationOf(event: Event, offset: number, told: { conflated?: number; uncounted?: boolean }): Plain {
  const { id, type, source, labels } = event
  const json = eventToJson(event)
  const kind = event.data.case
  const tags: Record<string, string> = { subject: 'rooms.r1' }
  for (const [name, value] of Object.entries({ id, type, source })) if (value !== '') tags[name] = value
  if (kind !== undefined && kind !== 'json') tags.kind = kind
  if (json.time !== undefined) tags.time = json.time
  for (const name in labels) tags[ourTags.has(name) ? `label.${name}` : name] = labels[name] as string
  if (told.conflated) tags.conflated = String(told.conflated)
  if (told.uncounted) tags.uncounted = 'true'
  const data = kind === undefined ? null : kind === 'json' ? json.data : json[kind]
  return JSON.parse(JSON.stringify({ data, offset, tags, channel: 'rooms.r1' }))
}

function pushes(bytes: Uint8Array, encoding: 'json' | 'protobuf', channel = 'rooms.>'): Plain[] {
  const replies = encoding === 'json' ? jsonReplies(bytes) : protobufReplies(bytes)
  return replies.map((push) => {
    assert.equal(push.channel, channel)
    return push.pub
  })
}

function jsonReplies(bytes: Uint8Array): { channel: string; pub: Plain }[] {
  if (bytes.length === 0) return []
  return text(bytes)
    .split('\n')
    .map((line) => JSON.parse(line).push)
}

function protobufReplies(bytes: Uint8Array): { channel: string; pub: Plain }[] {
  const found: { channel: string; pub: Plain }[] = []
  for (let at = 0; at < bytes.length; ) {
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number
      length |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    const { push } = fromBinary(ReplySchema, bytes.subarray(at, at + length))
    at += length
    found.push({ channel: push?.channel ?? '', pub: plain(push?.pub as Publication) })
  }
  return found
}

function plain({ data, offset, tags, channel, removed }: Publication): Plain {
  return {
    data: JSON.parse(text(data)),
    ...(removed ? { removed } : {}),
    offset: Number(offset),
    tags,
    ...(channel === '' ? {} : { channel }),
  }
}

function jsonEntry(value: string): Entry {
  return entryOf('rooms.r1', 3, toBinary(EventSchema, create(EventSchema, { data: { case: 'json', value } })))
}

function entryOf(subject: string, seq: number, event: Uint8Array): Entry {
  // Entries lie in a segment, one after the other.
  const bytes = new Uint8Array(5 + entryBytesMax(subject.length, event.length))
  const end = writeEntry(bytes, 5, subject, seq, event, Removal.UNSPECIFIED)
  const state = { subject, latest: undefined, answer: 0, routedAt: -1 }
  return { seq, state, removal: Removal.UNSPECIFIED, bytes, start: 5, end }
}

function anyEvent(): fc.Arbitrary<Event> {
  const words = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((word) => !word.includes('__proto__'))
  const name = fc.oneof(words, fc.constantFrom(...ourTags)).filter((word) => word !== '')
  const data = fc.oneof(
    fc.record({ case: fc.constant('json' as const), value: fc.jsonValue().map((value) => JSON.stringify(value)) }),
    fc.record({
      case: fc.constant('reading' as const),
      value: fc.record({ metrics: fc.dictionary(name, fc.double({ noDefaultInfinity: true, noNaN: true })) }),
    }),
    fc.record({ case: fc.constant('step' as const), value: fc.record({ name: words, index: fc.nat() }) }),
    fc.record({ case: fc.constant('binary' as const), value: fc.record({ data: fc.uint8Array({ maxLength: 9 }) }) }),
    fc.record({ case: fc.constant('any' as const), value: fc.record({ typeUrl: words }) }),
    fc.constant({ case: undefined }),
  )
  return fc
    .record({
      id: words,
      type: words,
      source: words,
      time: fc.option(
        fc.record({ seconds: fc.bigInt({ min: -9_000_000_000n, max: 250_000_000_000n }), nanos: fc.nat(999_999_999) }),
        { nil: undefined },
      ),
      labels: fc.dictionary(name, words, { maxKeys: 4 }),
      data,
    })
    .map(({ time, ...fields }) => create(EventSchema, { ...fields, ...(time && { time }) } as never))
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
