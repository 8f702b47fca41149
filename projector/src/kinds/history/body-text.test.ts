import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { EventSchema } from '@weir/proto'
import { bodyText } from './body-text.ts'

function bodyOf(value: string): string {
  return bodyText(create(EventSchema, { data: { case: 'json', value } }))
}

test('numbers keep their digits, on one line', () => {
  assert.equal(bodyOf('{"id":\n12345678901234567890}'), '{"data":{"id": 12345678901234567890}}')
})

test('what Postgres has no text for is replaced, in keys and in values, and nothing else', () => {
  assert.equal(bodyOf('{"a\\u0000b":"c\\u0000"}'), '{"data":{"a\\ufffdb":"c\\ufffd"}}')
  assert.equal(
    bodyOf('"\\ud83d\\ude00 \\ud83d \\uDE00 \\uD83D\\uDE00"'),
    '{"data":"\\ud83d\\ude00 \\ufffd \\ufffd \\uD83D\\uDE00"}',
  )
  // A backslash and the text u0000.
  assert.equal(bodyOf('"\\\\u0000 \\\\\\u0000"'), '{"data":"\\\\u0000 \\\\\\ufffd"}')
  assert.equal(bodyText(create(EventSchema, { labels: { 'a\0': 'b\0' } })), '{"labels":{"a\\ufffd":"b\\ufffd"}}')
})
