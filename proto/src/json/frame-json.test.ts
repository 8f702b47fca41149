import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WeirError } from '../error.ts'
import { clientFrameFromJson, clientFrameToJson } from './client-frame-json.ts'
import { serverFrameFromJson } from './read-server-frame.ts'
import { serverFrameToJson } from './server-frame-json.ts'

for (const [text, message] of [
  ['', 'The frame is not JSON'],
  ['{"type":"ping"', 'The frame is not JSON'],
  ['[]', 'frame: an object is expected, not a list'],
  ['null', 'frame: an object is expected, not null'],
  ['{}', 'type: is not one of hello, subscribe'],
  ['{"type":1}', 'type: is not one of'],
  ['{"type":"toString"}', 'type: is not one of'],
  ['{"type":"batch"}', 'type: is not one of'],
  ['{"type":"ping","id":1}', 'id: there is no such field'],
  ['{"type":"hello","token":1}', 'token: a string'],
  ['{"type":"hello","windowBytes":4294967296}', 'windowBytes: 4294967296 is not'],
  ['{"type":"subscribe","id":"1"}', 'id: a whole number'],
  ['{"type":"subscribe","id":1,"filter":"a"}', 'filter: there is no such field'],
  ['{"type":"subscribe","id":1,"filters":"a"}', 'filters: a list of strings'],
  ['{"type":"subscribe","id":1,"filters":["a",1]}', 'filters[1]: a string'],
  ['{"type":"subscribe","id":1,"mode":"SOME"}', 'mode: "SOME" is not one of UNSPECIFIED, ALL, LATEST'],
  ['{"type":"subscribe","id":1,"cursor":"tomorrow"}', 'The cursor "tomorrow" is not one'],
  ['{"type":"subscribe","id":1,"cursor":{"epoch":1}}', 'cursor: a string'],
  ['{"type":"subscribe","id":1,"cursor":""}', 'The cursor "" is not one'],
  ['{"type":"subscribe","id":1,"cursor":null}', 'The cursor "" is not one'],
  ['{"type":"ack","bytes":-1}', 'bytes: -1 is not'],
  ['{"type":"ack","bytes":0.5}', 'bytes: 0.5 is not'],
] as const) {
  test(`refused of a client: ${text}`, () => assert.throws(() => clientFrameFromJson(text), malformed(message)))
}

for (const [text, message] of [
  ['{', 'The frame is not JSON'],
  ['{"type":"hello"}', 'type: is not one of welcome'],
  ['{"type":"batch","entries":{}}', 'entries: this is not'],
  ['{"type":"batch","entries":[1]}', 'entries[0]: this is not'],
  ['{"type":"batch","entries":[{"subject":"a","seq":1}]}', 'event: this is not'],
  ['{"type":"batch","entries":[{"subject":"a","seq":1,"removed":true}]}', 'removal: this is not'],
  ['{"type":"batch","from":9007199254740992}', 'from: this is not'],
] as const) {
  test(`refused of a server: ${text}`, () => assert.throws(() => serverFrameFromJson(text), malformed(message)))
}

test('what a newer hub adds to a frame is passed over', () => {
  const text = '{"type":"goaway","reason":"draining","reconnectAfterMs":5,"weather":"fine"}'
  assert.equal(
    serverFrameToJson(serverFrameFromJson(text)),
    '{"type":"goaway","reason":"draining","reconnectAfterMs":5}',
  )
})

test('a removal for a reason that only a newer hub knows is a removal', () => {
  const text = '{"type":"batch","entries":[{"subject":"a","seq":1,"removed":"LOST"}]}'
  const { frame } = serverFrameFromJson(text)
  assert.deepEqual(frame.case === 'batch' && frame.value.entries[0]?.content, { case: 'removal', value: 0 })
})

test('an event that a hub could not decode comes as one without anything', () => {
  const text = '{"type":"batch","channel":1,"from":0,"to":1,"entries":[{"subject":"a","seq":1,"event":null}]}'
  const { frame } = serverFrameFromJson(text)
  assert.deepEqual(frame.case === 'batch' && frame.value.entries[0]?.content, {
    case: 'event',
    value: new Uint8Array(0),
  })
})

test('a frame without content has no JSON form', () => {
  const frame = { case: undefined } as const
  assert.throws(() => clientFrameToJson({ $typeName: 'weir.v1.ClientFrame', frame }), WeirError)
  assert.throws(() => serverFrameToJson({ $typeName: 'weir.v1.ServerFrame', frame }), WeirError)
})

function malformed(message: string): (error: unknown) => boolean {
  return (error) => error instanceof WeirError && error.code === 'malformed' && error.message.startsWith(message)
}
