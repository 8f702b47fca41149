import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { EventSchema } from '../gen/weir/v1/event_pb.js'
import { ClientFrameSchema, ServerFrameSchema } from '../gen/weir/v1/wire_pb.js'
import type { Field, Message } from './message.ts'
import { clientFrame, event, serverFrame } from './messages.ts'

for (const [message, generated] of [
  [event, EventSchema],
  [clientFrame, ClientFrameSchema],
  [serverFrame, ServerFrameSchema],
] as const) {
  test(`the table of ${message.typeName}, and of all in it, is that of the .proto files`, () => {
    const compared = new Set<string>()
    compare(message, generated, compared)
    assert.ok(compared.size > 1)
  })
}

function compare(message: Message, generated: DescMessage, compared: Set<string>): void {
  assert.equal(message.typeName, generated.typeName)
  if (compared.has(message.typeName)) return
  compared.add(message.typeName)
  assert.deepEqual(
    message.fields.map(({ name }) => name),
    byNumber(generated).map(({ localName }) => localName),
  )
  for (const [at, field] of message.fields.entries()) {
    const other = byNumber(generated)[at] as DescField
    assert.deepEqual(shapeOf(field), shapeOfGenerated(other), `${message.typeName}.${field.name}`)
    assert.equal(message.byNumber[field.number], field)
    const inner = other.message
    assert.deepEqual(field.values, other.enum && valuesOf(other.enum), field.name)
    if (field.message !== undefined && inner !== undefined) compare(field.message, inner, compared)
  }
}

function valuesOf({ values, sharedPrefix = '' }: DescEnum): unknown {
  return Object.fromEntries(values.map(({ name, number }) => [name.slice(sharedPrefix.length), number]))
}

function byNumber(message: DescMessage): readonly DescField[] {
  return [...message.fields].sort((a, b) => a.number - b.number)
}

function shapeOf({ number, kind, label, oneof }: Field): unknown {
  return { number, kind, label: label === 'optional' ? 'one' : label, oneof }
}

function shapeOfGenerated(field: DescField): unknown {
  const isMap = field.fieldKind === 'map'
  const isList = field.fieldKind === 'list'
  const kind = isMap ? field.mapKind : isList ? field.listKind : field.fieldKind
  return {
    number: field.number,
    kind: kind === 'scalar' ? ScalarType[field.scalar as ScalarType].toLowerCase() : kind,
    label: isMap ? 'map' : isList ? 'list' : 'one',
    oneof: field.oneof?.localName,
  }
}
