import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import { bodyOf } from './body.ts'

function textOf(value: string): string {
  return bodyOf(create(EventSchema, { data: { case: 'json', value } })).text
}

test('numbers keep their digits, on one line', () => {
  assert.equal(textOf('{"id":\n12345678901234567890}'), '{"data":{"id": 12345678901234567890}}')
})

test('what Postgres has no text for is replaced, in keys and in values, and nothing else', () => {
  assert.equal(textOf('{"a\\u0000b":"c\\u0000"}'), '{"data":{"a\\ufffdb":"c\\ufffd"}}')
  assert.equal(
    textOf('"\\ud83d\\ude00 \\ud83d \\uDE00 \\uD83D\\uDE00"'),
    '{"data":"\\ud83d\\ude00 \\ufffd \\ufffd \\uD83D\\uDE00"}',
  )
  // A backslash and the text u0000.
  assert.equal(textOf('"\\\\u0000 \\\\\\u0000"'), '{"data":"\\\\u0000 \\\\\\ufffd"}')
  assert.deepEqual(bodyOf(create(EventSchema, { labels: { 'a\0': 'b\0' } })), {
    text: '{"labels":{"a\\ufffd":"b\\ufffd"}}',
    isExact: false,
  })
})
