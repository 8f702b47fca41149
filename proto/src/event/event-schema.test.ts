import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf'
import { nestedTypes } from '@bufbuild/protobuf/reflect'
import { file_buf_validate_validate as published } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import { file_buf_validate_validate as ours } from '../gen/buf/validate/validate_pb.js'

// event.proto states its rules with the part of protovalidate's vocabulary in
// proto/buf/validate/validate.proto. A number or type that differed from the published file would
// make other runtimes read other rules.

test('validate.proto is a part of what protovalidate publishes', () => {
  const theirs = new Map([...nestedTypes(published)].map((type) => [type.typeName, type]))
  let compared = 0
  for (const type of nestedTypes(ours)) {
    const other = theirs.get(type.typeName)
    assert.equal(other?.kind, type.kind, type.typeName)
    if (type.kind === 'message' && other?.kind === 'message') compared += compareMessages(type, other)
    if (type.kind === 'enum' && other?.kind === 'enum') compared += compareEnums(type, other)
    if (type.kind === 'extension' && other?.kind === 'extension') {
      assert.equal(type.number, other.number)
      assert.equal(type.extendee.typeName, other.extendee.typeName)
      compared++
    }
  }
  assert.ok(compared >= 18, `${compared} compared`)
})

function compareMessages(message: DescMessage, other: DescMessage): number {
  for (const field of message.fields) {
    const theirs = other.fields.find(({ name }) => name === field.name)
    assert.deepEqual(shape(field), theirs && shape(theirs), `${message.typeName}.${field.name}`)
  }
  return message.fields.length
}

function compareEnums(type: DescEnum, other: DescEnum): number {
  for (const { name, number } of type.values) {
    assert.equal(other.values.find((value) => value.name === name)?.number, number, `${type.typeName}.${name}`)
  }
  return type.values.length
}

function shape(field: DescField): object {
  const { number, fieldKind, oneof, scalar, message } = field
  return { number, fieldKind, oneof: oneof?.name, scalar, type: message?.typeName ?? field.enum?.typeName }
}
