import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { EventSchema, entryBytesMax, Start, writeEntry } from '@weir/proto'
import type { Entry } from '../engine/log/entry.ts'
import { closingEvent, openingLines, sseCodec } from './codec-sse.ts'

const epoch = 36

test('an entry is an event, and the last one has the end of the batch as its id', () => {
  const entries = [entry('a.b', 5, '"x"'), entry('a.c', 7, '[1]')]
  const lines = batch({ from: 4, to: 40, conflated: 0 }, entries)
  assert.deepEqual(lines, [
    'id: 10-5',
    'data: {"subject":"a.b","seq":5,"event":{"data":"x"}}',
    '',
    'id: 10-14',
    'data: {"subject":"a.c","seq":7,"event":{"data":[1]}}',
    '',
    '',
  ])
})

test('nothing that an event holds can end its line', () => {
  const lines = batch({ from: 0, to: 1, conflated: 0 }, [entry('a', 1, JSON.stringify('\n\r\u2028\ndata: evil\n\n'))])
  assert.equal(lines.length, 4)
  assert.doesNotMatch(lines.join(), /[\r\u2028\u2029]/)
  assert.deepEqual(JSON.parse((lines[1] ?? '').slice('data: '.length)).event.data, '\n\r\u2028\ndata: evil\n\n')
  assert.ok(!text(closingEvent(3006, 'a\nb')).includes('a\nb'))
})

test('data goes on as the producer wrote it', () => {
  const data = '{"id": 12345678901234567890, "at":1.0, "n":1e400, "a":1, "a":2, "s":"\u2028"}'
  const [, line] = batch({ from: 0, to: 1, conflated: 0 }, [entry('a', 1, data)])
  assert.equal(line, `data: {"subject":"a","seq":1,"event":{"data":${data.replace('\u2028', '\\u2028')}}}`)
})

test('a batch without entries moves the cursor alone; what was left out is a comment', () => {
  assert.deepEqual(batch({ from: 1, to: 35, conflated: 0 }, []), ['id: 10-z', '', ''])
  assert.deepEqual(batch({ from: 1, to: 35, conflated: 3 }, []), [': 3 conflated', 'id: 10-z', '', ''])
  assert.deepEqual(batch({ from: 1, to: 35, conflated: 0, uncounted: true }, []), [': uncounted', 'id: 10-z', '', ''])
})

test('a removal is an event of its own name', () => {
  const removed = { ...entry('a', 2, '1'), removal: 2 as const }
  assert.deepEqual(batch({ from: 1, to: 2, conflated: 0 }, [removed]).slice(0, 3), [
    'event: removed',
    'id: 10-2',
    'data: {"subject":"a","seq":2,"removed":"EXPIRED"}',
  ])
})

test('the frames of a session have their lines', () => {
  const subscribed = (start: Start): string =>
    frame({
      case: 'subscribed',
      value: {
        $typeName: 'weir.v1.Subscribed',
        id: 1,
        channel: 2,
        start,
        cursor: { $typeName: 'weir.v1.Cursor', epoch: 36n, seq: 3n },
      },
    })
  assert.equal(subscribed(Start.HEAD), 'id: 10-3\n\n')
  assert.equal(subscribed(Start.SNAPSHOT), 'event: reset\nid: 10-3\ndata: {"cursor":"10-3"}\n\n')
  assert.equal(
    frame({
      case: 'gap',
      value: { $typeName: 'weir.v1.Gap', id: 1, from: 2n, to: 5n, reason: 'retention', channel: 0 },
    }),
    'event: gap\ndata: {"from":2,"to":5,"reason":"retention"}\n\n',
  )
  assert.equal(
    frame({ case: 'goaway', value: { $typeName: 'weir.v1.Goaway', reason: 'draining', reconnectAfterMs: 7 } }),
    'event: goaway\ndata: {"reason":"draining","reconnectAfterMs":7}\n\n',
  )
  assert.equal(frame({ case: 'pong', value: { $typeName: 'weir.v1.Pong' } }), ':\n\n')
  assert.equal(text(openingLines(250)), 'retry: 250\n\n')
})

function batch(
  head: { from: number; to: number; conflated: number; uncounted?: boolean },
  entries: readonly Entry[],
): readonly string[] {
  return text(sseCodec.batch({ channel: 1, uncounted: false, ...head }, epoch, entries)).split('\n')
}

function frame(value: Parameters<typeof sseCodec.frame>[0]): string {
  return text(sseCodec.frame(value))
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function entry(subject: string, seq: number, json: string): Entry {
  const payload = toBinary(EventSchema, create(EventSchema, { data: { case: 'json', value: json } }))
  const bytes = new Uint8Array(entryBytesMax(subject.length, payload.length))
  const end = writeEntry(bytes, 0, subject, seq, payload, 0)
  return { seq, state: { subject, latest: undefined, answer: 0, routedAt: -1 }, removal: 0, bytes, start: 0, end }
}
