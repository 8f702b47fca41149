import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { isSubject, limits } from '@weir/proto'
import fc from 'fast-check'
import { type KeyValue, KeyValueSchema } from '../../gen/opentelemetry/proto/common/v1/common_pb.js'
import { ResourceSchema } from '../../gen/opentelemetry/proto/resource/v1/resource_pb.js'
import { originOf } from './origin.ts'
import { seriesOf } from './series.ts'

// docs/otlp.md, row by row.

const host = originOf(
  create(ResourceSchema, { attributes: [attribute('service.name', 'host'), attribute('host.name', 'web-1')] }),
)

function attribute(key: string, text: string): KeyValue {
  return create(KeyValueSchema, { key, value: { value: { case: 'stringValue', value: text } } })
}

function subjectOf(metric: string, attributes: Readonly<Record<string, string>> = {}): string {
  return seriesOf(
    host,
    metric,
    Object.entries(attributes).map(([key, value]) => attribute(key, value)),
  ).subject
}

test('host metrics have the subjects that docs/otlp.md shows', () => {
  const cpu = { 'system.cpu.state': 'idle', 'system.cpu.logical_number': '0' }
  assert.equal(
    subjectOf('system.cpu.utilization', cpu),
    'metrics.host.web-1.system.cpu.utilization.logical_number=0.state=idle',
  )
  assert.equal(
    subjectOf('system.memory.utilization', { 'system.memory.state': 'used' }),
    'metrics.host.web-1.system.memory.utilization.state=used',
  )
  assert.equal(
    subjectOf('system.network.io', { 'system.device': 'eth0', 'network.io.direction': 'transmit' }),
    'metrics.host.web-1.system.network.io.network_io_direction=transmit.device=eth0',
  )
  assert.equal(subjectOf('process.memory.usage'), 'metrics.host.web-1.process.memory.usage')
})

test('what a subject cannot have becomes an underscore, and labels keep it', () => {
  const attributes = [attribute('url.path', '/v1/räume?x=1'), attribute('', '')]
  const { subject, labels } = seriesOf(host, 'weird name/rate', attributes)
  assert.equal(subject, 'metrics.host.web-1.weird_name.rate._=_.url_path=_v1_r_ume_x=1')
  assert.equal(labels['url.path'], '/v1/räume?x=1')
})

test('a subject that would be too long ends in a hash of its attributes', () => {
  const long = Object.fromEntries(Array.from({ length: 14 }, (_, at) => [`key${at}`, 'v']))
  const subject = subjectOf('a', long)
  assert.match(subject, /^metrics\.host\.web-1\.a\.attributes=[0-9a-z]+$/)
  assert.equal(subject, subjectOf('a', Object.fromEntries(Object.entries(long).reverse())))
  assert.notEqual(subject, subjectOf('a', { ...long, key0: 'w' }))
})

test('whatever names come, the subject is one, or the point is rejected for its metric name alone', () => {
  const text = fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'grapheme', maxLength: 300 }))
  fc.assert(
    fc.property(text, fc.array(fc.tuple(text, text), { maxLength: 20 }), (metric, pairs) => {
      const { subject } = seriesOf(
        host,
        metric,
        pairs.map(([key, value]) => attribute(key, value)),
      )
      const base = seriesOf(host, metric, []).subject
      const room = `${base}.attributes=0123456789a`
      const fits = room.length <= limits.subjectBytesMax && room.split('.').length <= limits.subjectTokensMax
      if (fits) assert.ok(isSubject(subject), subject)
    }),
  )
})

test('the instance is the pod, else the host, else the id; and a resource may have nothing', () => {
  const tokens = (attributes: Record<string, string>): string =>
    originOf(
      create(ResourceSchema, { attributes: Object.entries(attributes).map(([key, value]) => attribute(key, value)) }),
    ).tokens
  const all = { 'service.instance.id': 'i', 'host.name': 'h', 'k8s.pod.name': 'p' }
  assert.equal(tokens(all), 'unknown_service.p')
  assert.equal(tokens({ 'service.instance.id': 'i', 'host.name': 'h.local' }), 'unknown_service.h_local')
  assert.equal(tokens({ 'service.instance.id': 'i' }), 'unknown_service.i')
  assert.equal(originOf(undefined).tokens, 'unknown_service._')
})

test('of a resource only what tells it apart becomes labels, and attributes of the point win', () => {
  const origin = originOf(
    create(ResourceSchema, {
      attributes: [
        attribute('service.name', 'shop'),
        attribute('process.command_args', 'secret'),
        attribute('host.name', 'h'),
      ],
    }),
  )
  const { labels } = seriesOf(origin, 'm', [attribute('host.name', 'other')])
  assert.deepEqual({ ...labels }, { 'service.name': 'shop', 'host.name': 'other' })
})
