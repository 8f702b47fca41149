import { create, type MessageInitShape } from '@bufbuild/protobuf'
import type { Timestamp } from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import { type Event, EventSchema } from '../src/gen/weir/v1/event_pb.js'

/** Events of every kind that keep the rules, with the names and texts that trip parsers. */
export function validEvent(): fc.Arbitrary<Event> {
  return event({
    text: (_, bytesMax) => shortText.map((text) => text.slice(0, bytesMax)),
    needed: (bytesMax) => shortText.map((text) => text.slice(0, bytesMax) || 'x'),
    key: mapKey.map((key) => key || 'x'),
    metric: finite,
    metrics: 1,
    code: (values) => fc.integer({ min: 0, max: values - 1 }),
    traceparent: goodTraceparent,
    seconds: fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
    json: fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value)),
  })
}

/** Events of which many break one rule or another, most of them by a hair. */
export function anyEvent(): fc.Arbitrary<Event> {
  return event({
    text: (bytesMin, bytesMax) => fc.oneof(shortText, textNear(bytesMin), textNear(bytesMax)),
    needed: (bytesMax) => fc.oneof(shortText, textNear(bytesMax)),
    key: fc.oneof({ weight: 8, arbitrary: mapKey }, { weight: 1, arbitrary: textNear(128) }),
    metric: fc.oneof(
      { weight: 8, arbitrary: finite },
      { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
    ),
    metrics: 0,
    code: (values) => fc.integer({ min: -1, max: values }),
    traceparent: fc.oneof(goodTraceparent, brokenTraceparent),
    seconds: fc.constantFrom(-62_135_596_801n, -62_135_596_800n, 0n, 253_402_300_799n, 253_402_300_800n),
    nanos: fc.constantFrom(-1, 0, 999_999_999, 1_000_000_000),
    json: fc.constantFrom(
      '1',
      '{}',
      '',
      '{',
      '[1,]',
      `${'['.repeat(64)}${']'.repeat(64)}`,
      `${'['.repeat(65)}${']'.repeat(65)}`,
    ),
  })
}

interface Parts {
  text(bytesMin: number, bytesMax: number): fc.Arbitrary<string>
  needed(bytesMax: number): fc.Arbitrary<string>
  readonly key: fc.Arbitrary<string>
  readonly metric: fc.Arbitrary<number>
  readonly metrics: number
  code(values: number): fc.Arbitrary<number>
  readonly traceparent: fc.Arbitrary<string>
  readonly seconds: fc.Arbitrary<bigint>
  readonly nanos: fc.Arbitrary<number>
  readonly json: fc.Arbitrary<string>
}

function event(parts: Parts): fc.Arbitrary<Event> {
  const time = fc
    .tuple(parts.seconds, parts.nanos)
    .map(([seconds, nanos]): Timestamp => ({ $typeName: 'google.protobuf.Timestamp', seconds, nanos }))
  const texts = (keys: fc.Arbitrary<string>, bytesMax: number) =>
    fc.dictionary(keys, parts.text(0, bytesMax), { maxKeys: 4, noNullPrototype: true })
  const labels = fc.oneof(
    { weight: 9, arbitrary: texts(parts.key, 2048) },
    { weight: parts.metrics === 0 ? 1 : 0, arbitrary: manyPairs(63, 66).map(toTexts) },
  )
  const metrics = fc.oneof(
    {
      weight: 9,
      arbitrary: fc.dictionary(parts.key, parts.metric, { minKeys: parts.metrics, maxKeys: 4, noNullPrototype: true }),
    },
    { weight: parts.metrics === 0 ? 1 : 0, arbitrary: manyPairs(255, 258) },
  )
  const integers = fc.dictionary(parts.key, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), {
    maxKeys: 1,
    noNullPrototype: true,
  })
  const times = fc.dictionary(mapKey, time, { maxKeys: 2, noNullPrototype: true })
  const bytes = fc.uint8Array({ maxLength: 12 })
  const data = fc.oneof(
    fc.constant<Data>({ case: undefined }),
    fc.record({ metrics, units: texts(mapKey, 64), times, integers }).map(
      ({ metrics, integers, ...rest }): Data => ({
        case: 'reading',
        value: { ...rest, metrics: { ...metrics, ...doublesOf(integers) }, integers },
      }),
    ),
    fc
      .record({
        category: parts.text(0, 128),
        entity: parts.needed(256),
        from: parts.text(0, 128),
        to: parts.needed(128),
        code: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        name: parts.text(0, 256),
      })
      .map((value): Data => ({ case: 'stateChange', value })),
    fc
      .record(
        {
          rule: parts.needed(128),
          severity: parts.code(4),
          status: parts.code(4),
          message: parts.text(0, 4096),
          key: parts.text(0, 255),
          since: time,
          by: parts.text(0, 256),
        },
        { requiredKeys: ['rule', 'severity', 'status', 'message', 'key', 'by'] },
      )
      .map((value): Data => ({ case: 'alert', value })),
    fc
      .record({
        pipeline: parts.text(0, 256),
        name: parts.needed(256),
        status: parts.code(5),
        message: parts.text(0, 4096),
        index: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      })
      .map((value): Data => ({ case: 'step', value })),
    parts.json.map((value): Data => ({ case: 'json', value })),
    fc.record({ contentType: parts.text(0, 256), data: bytes }).map((value): Data => ({ case: 'binary', value })),
    fc
      .record({ typeUrl: fc.constantFrom('', 'type.googleapis.com/acme.Order'), value: bytes })
      .map((value): Data => ({ case: 'any', value })),
  )
  return fc
    .record(
      {
        id: parts.text(0, 128),
        type: parts.text(0, 256),
        source: parts.text(0, 1024),
        time,
        labels,
        traceparent: fc.oneof(fc.constant(''), parts.traceparent),
        data,
      },
      { requiredKeys: ['id', 'type', 'source', 'labels', 'traceparent', 'data'] },
    )
    .map((init) => create(EventSchema, init))
}

type Data = NonNullable<MessageInitShape<typeof EventSchema>['data']>

const mapKey = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'cpu.load', 'é', 'a b', '1'),
  fc.string({ maxLength: 6 }),
)

/** One to four bytes of UTF-8 a character. */
const character = fc.constantFrom('a', '"', '\\', '\n', '\u0000', 'é', '€', '😀')
const shortText = fc.string({ unit: character, maxLength: 5 })

/** Texts whose size in bytes is the given number, or one less, or up to four more. */
function textNear(bytes: number): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom('\u0080', '\u07ff', '\u0800', '\uffff', '😀', '\ud800'), fc.integer({ min: -1, max: 1 }))
    .map(([wide, by]) => {
      const size = new TextEncoder().encode(wide).length
      const wides = Math.max(0, Math.floor(bytes / size))
      return wide.repeat(wides) + 'a'.repeat(Math.max(0, bytes + by - wides * size))
    })
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)

function manyPairs(min: number, max: number): fc.Arbitrary<{ [key: string]: number }> {
  return fc
    .integer({ min, max })
    .map((count) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at])))
}

/** fromEntries defines and does not assign, so a metric may be called `__proto__`. */
function doublesOf(integers: { [key: string]: bigint }): { [key: string]: number } {
  return Object.fromEntries(Object.entries(integers).map(([key, value]) => [key, Number(value)]))
}

function toTexts(map: { [key: string]: number }): { [key: string]: string } {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, String(value)]))
}

const goodTraceparent = fc.constantFrom(
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'ff-ffffffffffffffffffffffffffffffff-0000000000000000-00',
)
const brokenTraceparent = fc
  .tuple(goodTraceparent, fc.nat({ max: 55 }), fc.constantFrom('', '-', 'A', 'g', '0', '\n', 'é', '00'))
  .map(([text, at, by]) => text.slice(0, at) + by + text.slice(at + 1))
