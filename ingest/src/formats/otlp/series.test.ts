import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { isSubject } from '@weir/proto'
import fc from 'fast-check'
import { cutLabel } from '../../encode/label-list.ts'
import {
  type AnyValueSchema,
  InstrumentationScopeSchema,
  type KeyValue,
  KeyValueSchema,
} from '../../gen/opentelemetry/proto/common/v1/common_pb.js'
import { ResourceSchema } from '../../gen/opentelemetry/proto/resource/v1/resource_pb.js'
import { type Origin, originOf } from './origin.ts'
import { type MetricIdentity, MetricSeries, type Series } from './series.ts'

// docs/otlp.md, row by row.

type Value = string | number | boolean | bigint | readonly Value[]
type Attributes = Readonly<Record<string, Value>>

interface Source {
  readonly resource?: Attributes
  readonly scope?: MessageInitShape<typeof InstrumentationScopeSchema>
  readonly metric?: string
  readonly unit?: string
  readonly kind?: Partial<MetricIdentity>
  readonly attributes?: Attributes
}

const host = { 'service.name': 'host', 'host.name': 'web-1' }

function keyValues(attributes: Attributes): KeyValue[] {
  return Object.entries(attributes).map(([key, value]) => create(KeyValueSchema, { key, value: anyValue(value) }))
}

function anyValue(value: Value): MessageInitShape<typeof AnyValueSchema> {
  if (typeof value === 'string') return { value: { case: 'stringValue', value } }
  if (typeof value === 'boolean') return { value: { case: 'boolValue', value } }
  if (typeof value === 'bigint') return { value: { case: 'intValue', value } }
  if (typeof value === 'number') return { value: { case: 'doubleValue', value } }
  return { value: { case: 'arrayValue', value: { values: value.map(anyValue) } } }
}

function origin({ resource = host, scope }: Source): Origin {
  return originOf(
    create(ResourceSchema, { attributes: keyValues(resource) }),
    scope === undefined ? undefined : create(InstrumentationScopeSchema, scope),
  )
}

function series(source: Source = {}): Series {
  const { metric = 'requests', unit = '', kind = {}, attributes = {} } = source
  const identity = { name: metric, unit, type: 'otel.gauge', labels: {}, ...kind }
  return new MetricSeries(origin(source), identity).of(keyValues(attributes))
}

/** All but the last token, which has to be an identity. */
function readable(source: Source): string {
  const { subject } = series(source)
  assert.match(subject, /\.id=[\w-]{14}$/)
  assert.ok(isSubject(subject), subject)
  return subject.slice(0, subject.lastIndexOf('.'))
}

test('host metrics have the subjects that docs/otlp.md shows', () => {
  const scope = { name: '@opentelemetry/host-metrics', version: '0.38.0' }
  const readableOf = (metric: string, attributes: Attributes): string =>
    readable({ metric, attributes, scope, unit: '1' })
  const cpu = { 'system.cpu.state': 'idle', 'system.cpu.logical_number': '0' }
  assert.equal(
    readableOf('system.cpu.utilization', cpu),
    'metrics.host.web-1.system.cpu.utilization.logical_number=0.state=idle',
  )
  assert.equal(
    readableOf('system.memory.utilization', { 'system.memory.state': 'used' }),
    'metrics.host.web-1.system.memory.utilization.state=used',
  )
  assert.equal(
    readableOf('system.network.io', { 'system.device': 'eth0', 'network.io.direction': 'transmit' }),
    'metrics.host.web-1.system.network.io.network_io_direction=transmit.device=eth0',
  )
})

test('a subject that says all of its series has no token of its identity', () => {
  assert.equal(series().subject, 'metrics.host.web-1.requests')
  const attributes = { method: 'GET', zone: 'a' }
  assert.equal(series({ attributes }).subject, 'metrics.host.web-1.requests.method=GET.zone=a')
  assert.equal(series({ resource: {} }).subject, 'metrics.unknown_service._.requests')
})

test('the token of an identity is the same in every process, and for attributes in any order', () => {
  const attributes = { path: '/a/b', zone: '北京' }
  const resource = { ...host, 'process.pid': 7n }
  const subject = 'metrics.host.web-1.requests.path=_a_b.zone=__.id=r0SdNKwo7-tDnH'
  assert.equal(series({ resource, attributes }).subject, subject)
  const turned = { zone: '北京', path: '/a/b' }
  const turnedResource = { 'process.pid': 7n, 'host.name': 'web-1', 'service.name': 'host' }
  assert.equal(
    series({ resource, attributes }).subject,
    series({ resource: turnedResource, attributes: turned }).subject,
  )
})

// Each of these is a pair of series; the rest of both is the same.
const pairs: readonly (readonly [what: string, one: Source, other: Source])[] = [
  ['process.pid', { resource: { ...host, 'process.pid': 1n } }, { resource: { ...host, 'process.pid': 2n } }],
  [
    'workers of one instance',
    { resource: { ...host, 'service.instance.id': 'i', worker: 'w1' } },
    { resource: { ...host, 'service.instance.id': 'i', worker: 'w2' } },
  ],
  ['an attribute more of the resource', { resource: { ...host, a: '' } }, {}],
  [
    'no service',
    { resource: { 'host.name': 'h' } },
    { resource: { 'service.name': 'unknown_service', 'host.name': 'h' } },
  ],
  ['no host', { resource: { 'service.name': 's' } }, { resource: { 'service.name': 's', 'host.name': '_' } }],
  [
    'host or pod',
    { resource: { 'service.name': 's', 'host.name': 'x' } },
    { resource: { 'service.name': 's', 'k8s.pod.name': 'x' } },
  ],
  ['service in another script', { resource: { 'service.name': '北京' } }, { resource: { 'service.name': '上海' } }],
  ['scope', { scope: { name: 'a' } }, { scope: { name: 'b' } }],
  ['a scope or none', { scope: { name: 'a' } }, {}],
  ['version of the scope', { scope: { name: 'a', version: '1' } }, { scope: { name: 'a', version: '2' } }],
  [
    'attributes of the scope',
    { scope: { name: 'a', attributes: keyValues({ x: '1' }) } },
    { scope: { name: 'a', attributes: keyValues({ x: '2' }) } },
  ],
  ['values in another script', { attributes: { city: '北京' } }, { attributes: { city: '上海' } }],
  ['dots and underscores', { attributes: { ip: '10.0.0.1' } }, { attributes: { ip: '10_0_0_1' } }],
  ['slashes and dots', { attributes: { path: '/a/b' } }, { attributes: { path: '/a.b' } }],
  ['an empty value', { attributes: { a: '' } }, { attributes: { a: '_' } }],
  ['text and number', { attributes: { a: '1' } }, { attributes: { a: 1n } }],
  ['integer and double', { attributes: { a: 1 } }, { attributes: { a: 1n } }],
  ['a list and its text', { attributes: { a: ['x'] } }, { attributes: { a: '["x"]' } }],
  ['lists', { attributes: { a: ['x', 'y'] } }, { attributes: { a: ['xy'] } }],
  ['keys', { attributes: { 'a.b': '1' } }, { attributes: { a_b: '1' } }],
  [
    'keys that are shortened',
    { metric: 'system.cpu', attributes: { 'system.state': 'x' } },
    { metric: 'system.cpu', attributes: { state: 'x' } },
  ],
  ['a name with an attribute in it', { metric: 'requests.a=b' }, { attributes: { a: 'b' } }],
  ['names', { metric: 'a/b' }, { metric: 'a.b' }],
  ['units', { unit: 's' }, { unit: 'ms' }],
  ['kinds', { kind: { type: 'otel.sum' } }, { kind: { type: 'otel.histogram' } }],
  [
    'temporality',
    { kind: { type: 'otel.sum', labels: { temporality: 'delta' } } },
    { kind: { type: 'otel.sum', labels: { temporality: 'cumulative' } } },
  ],
]

for (const [what, one, other] of pairs) {
  test(`told apart: ${what}`, () => assert.notEqual(series(one).subject, series(other).subject))
}

test('an attribute that looks like the token of an identity is not taken for one', () => {
  const { subject } = series({ scope: { name: 'a' } })
  const id = subject.slice(subject.lastIndexOf('=') + 1)
  assert.notEqual(series({ attributes: { id } }).subject, subject)
})

test('two series have one subject exactly when they have the same attributes, whatever these are', () => {
  const text = fc.oneof(fc.constantFrom('', '_', 'a', 'a.b', 'a_b', 'a=b', '/', 'é', 'id', '北', '上'), fc.string())
  const value = fc.oneof(text, fc.integer().map(BigInt), fc.boolean(), fc.array(text, { maxLength: 2 }))
  const attributes = fc.dictionary(text, value, { maxKeys: 3, noNullPrototype: true })
  const source = fc.record({
    resource: fc.oneof(fc.constant(host), attributes),
    scope: fc.oneof(fc.constant({}), fc.record({ name: text, version: text })),
    metric: fc.oneof(fc.constant('a'), text),
    attributes,
  })
  const canonical = (all: Source): string =>
    JSON.stringify(
      [
        Object.entries(all.resource ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
        [all.scope?.name ?? '', all.scope?.version ?? ''],
        all.metric,
        Object.entries(all.attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
      ],
      (_, value) => (typeof value === 'bigint' ? { integer: String(value) } : value),
    )
  const known = new Map<string, string>()
  fc.assert(
    fc.property(source, (each) => {
      const { subject } = series(each)
      assert.ok(isSubject(subject), subject)
      const other = known.get(subject) ?? canonical(each)
      known.set(subject, other)
      assert.equal(canonical(each), other)
    }),
    { numRuns: 3000 },
  )
})

test('whatever names come, and however long, the subject is one', () => {
  const text = fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'grapheme', maxLength: 600 }))
  fc.assert(
    fc.property(text, text, fc.dictionary(text, text, { maxKeys: 20 }), (metric, service, attributes) => {
      const { subject } = series({ metric, attributes, resource: { 'service.name': service } })
      assert.ok(isSubject(subject), subject)
    }),
  )
})

test('a subject without room for all attributes has none of them', () => {
  const attributes = Object.fromEntries(Array.from({ length: 14 }, (_, at) => [`key${at}`, 'v']))
  assert.equal(readable({ metric: 'a', attributes }), 'metrics.host.web-1.a')
  assert.notEqual(
    series({ metric: 'a', attributes }).subject,
    series({ metric: 'a', attributes: { ...attributes, key0: 'w' } }).subject,
  )
})

test('the instance is the pod, else the host, else the id; and a resource may have nothing', () => {
  const tokens = (resource: Attributes): string => origin({ resource }).tokens
  const all = { 'service.instance.id': 'i', 'host.name': 'h', 'k8s.pod.name': 'p' }
  assert.equal(tokens(all), 'unknown_service.p')
  assert.equal(tokens({ 'service.instance.id': 'i', 'host.name': 'h.local' }), 'unknown_service.h_local')
  assert.equal(tokens({ 'service.instance.id': 'i' }), 'unknown_service.i')
  assert.equal(originOf(undefined, undefined).tokens, 'unknown_service._')
})

test('all attributes of resource, scope and point are labels; those of the point win, which is said', () => {
  const { labels } = series({
    resource: { 'service.name': 'shop', 'process.pid': 7n, 'host.name': 'h' },
    scope: { name: 'lib', version: '2', attributes: keyValues({ a: 'b' }) },
    attributes: { 'host.name': 'other', 'url.path': '/räume?x=1' },
  })
  assert.deepEqual(
    { ...labels },
    {
      'host.name': 'other',
      'url.path': '/räume?x=1',
      'service.name': 'shop',
      'process.pid': '7',
      'otel.scope.name': 'lib',
      'otel.scope.version': '2',
      'otel.scope.a': 'b',
      [cutLabel]: 'host.name',
    },
  )
})

test('what an event has no room for is cut, and the label weir.cut names it', () => {
  const many = Object.fromEntries(Array.from({ length: 80 }, (_, at) => [`k${String(at).padStart(2, '0')}`, 'v']))
  const resource = { ...host, ...many, long: 'ä'.repeat(2000), ['x'.repeat(200)]: 'v' }
  const { labels } = series({ resource, attributes: { own: '1' } })
  assert.equal(Object.keys(labels).length, 64)
  assert.deepEqual([labels['service.name'], labels.own, labels.k00], ['host', '1', 'v'])
  assert.match(labels[cutLabel] ?? '', /k79/)
  const { labels: few } = series({ resource: { ...host, long: 'ä'.repeat(2000), '': 'v' } })
  assert.equal(few.long, 'ä'.repeat(1024))
  assert.deepEqual(few[cutLabel]?.split(', '), ['', 'long'])
})

test('more attributes than a point may have are refused', () => {
  const attributes = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`k${at}`, 'v']))
  assert.throws(() => series({ attributes }), /65 attributes are more than 64/)
})
