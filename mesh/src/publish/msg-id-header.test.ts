import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MsgHdrsImpl } from '@nats-io/nats-core'
import fc from 'fast-check'
import { MsgIdHeader } from './msg-id-header.ts'

test('a plain id travels as it is', () => {
  assert.equal(text(encode('r17/2026-01-01:4711')), 'NATS/1.0\r\nNats-Msg-Id: r17/2026-01-01:4711\r\n\r\n')
})

test('an id that a header cannot carry is percent-encoded', () => {
  assert.equal(sent('zwölf'), 'zw%C3%B6lf')
  assert.equal(sent('a\r\nNats-Rollup: all'), 'a%0D%0ANats-Rollup%3A%20all')
  assert.equal(sent(' a '), '%20a%20')
  assert.equal(sent('100%'), '100%25')
  assert.equal(sent('\ud800'), '%EF%BF%BD')
})

test('the NATS client reads one header from any id, and different ids stay different', () => {
  const id = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 128 })
  fc.assert(
    fc.property(id, id, (left, right) => {
      const decoded = MsgHdrsImpl.decode(encode(left))
      assert.deepEqual(decoded.keys(), ['Nats-Msg-Id'])
      assert.equal(decoded.values('Nats-Msg-Id').length, 1)
      assert.equal(sent(left) === sent(right), left === right)
    }),
  )
})

function encode(id: string): Uint8Array {
  const header = new MsgIdHeader()
  header.id = id
  return header.encode()
}

function sent(id: string): string {
  return MsgHdrsImpl.decode(encode(id)).get('Nats-Msg-Id')
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
