import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { type Event, EventSchema } from '@weir/proto'
import fc from 'fast-check'

const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.oneof(fc.string({ maxLength }), fc.string({ unit: 'grapheme', maxLength: Math.floor(maxLength / 4) }))
const name = (maxLength: number): fc.Arbitrary<string> => text(maxLength).filter((value) => value !== '')
const texts = (keyMax: number, valueMax: number): fc.Arbitrary<{ [key: string]: string }> =>
  fc.dictionary(name(keyMax), text(valueMax), { maxKeys: 6 })
const time = fc.record({
  seconds: fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }),
  nanos: fc.integer({ min: 0, max: 999_999_999 }),
})

const data: fc.Arbitrary<MessageInitShape<typeof EventSchema>['data']> = fc.oneof(
  fc.constant({ case: undefined }),
  fc.record({
    case: fc.constant('reading' as const),
    value: fc
      .record({
        metrics: fc.dictionary(name(40), fc.double({ noNaN: true, noDefaultInfinity: true }), {
          minKeys: 1,
          maxKeys: 6,
        }),
        units: texts(40, 15),
        times: fc.dictionary(name(10), time, { maxKeys: 1 }),
        integers: fc.dictionary(name(10), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxKeys: 1 }),
      })
      .map(({ metrics, integers, ...rest }) => ({
        ...rest,
        integers,
        // fromEntries defines and does not assign, so a metric may be called `__proto__`.
        metrics: Object.fromEntries([
          ...Object.entries(metrics),
          ...Object.entries(integers).map(([key, value]) => [key, Number(value)] as const),
        ]),
      })),
  }),
  fc.record({
    case: fc.constant('stateChange' as const),
    value: fc.record({ entity: name(60), from: text(30), to: name(30), code: fc.integer() }),
  }),
  fc.record({
    case: fc.constant('alert' as const),
    value: fc.record({ rule: name(30), severity: fc.nat(3), status: fc.nat(3), since: time, by: text(60) }),
  }),
  fc.record({
    case: fc.constant('step' as const),
    value: fc.record({ pipeline: text(60), name: name(60), status: fc.nat(4), index: fc.nat() }),
  }),
  fc.record({ case: fc.constant('json' as const), value: fc.json() }),
  fc.record({
    case: fc.constant('binary' as const),
    value: fc.record({ contentType: text(60), data: fc.uint8Array({ maxLength: 300 }) }),
  }),
  fc.record({
    case: fc.constant('any' as const),
    value: fc.record({ typeUrl: text(60), value: fc.uint8Array({ maxLength: 300 }) }),
  }),
)

/** Events that keep to the rules of event.proto. */
export const arbitraryEvent: fc.Arbitrary<Event> = fc
  .record({
    id: text(30),
    type: text(60),
    source: text(200),
    time: fc.option(time, { nil: undefined }),
    labels: texts(30, 500),
    traceparent: fc.constantFrom('', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
    data,
  })
  .map(({ time: taken, ...init }) =>
    create(EventSchema, { ...init, ...(taken === undefined ? {} : { time: taken }) } as MessageInitShape<
      typeof EventSchema
    >),
  )
