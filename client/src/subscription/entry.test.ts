import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventBytes } from '../../test/fake-hub.ts'
import { Entry } from './entry.ts'

test('an event is decoded once, when it is asked for', () => {
  const entry = new Entry('a', 9, 10, eventBytes(9))
  assert.equal(entry.event.id, '9')
  assert.equal(entry.event, entry.event)
  assert.equal(entry.cursor, 'a-9')
})

test('bytes that are no event are told by whoever asks for the event', () => {
  const entry = new Entry('a', 9, 10, new Uint8Array([0xff]))
  assert.throws(() => entry.event, { code: 'malformed', message: /under a at 9/ })
})

test('a detached entry has bytes of its own', () => {
  const message = new Uint8Array([0, ...eventBytes(9), 0])
  const entry = new Entry('a', 9, 10, message.subarray(1, -1)).detached()
  message.fill(0)
  assert.equal(entry.event.id, '9')
  assert.equal(entry.cursor, 'a-9')
})
