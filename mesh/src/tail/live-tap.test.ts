import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Publisher } from '@nats-io/nats-core'
import { MsgImpl, Parser, type ParserEvent } from '@nats-io/nats-core/internal'
import fc from 'fast-check'
import { FrameParser, type FrameTap } from '../connection/frame-parser.ts'
import { LiveTap } from './live-tap.ts'

describe('reading ahead of the NATS client', () => {
  // The client's own parser is the oracle.
  test('whatever comes, and wherever it is cut, all is heard as the client alone would hear it, in order', () => {
    fc.assert(
      fc.property(
        fc.array(frames, { maxLength: 20 }),
        fc.array(fc.double(doubles), { maxLength: 12 }),
        (sent, cuts) => {
          const bytes = Buffer.concat(sent)
          const chunks = cutAt(bytes, cuts)
          assert.deepEqual(hearLive(chunks).heard, hearAlone(chunks))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('a whole message of its subscription never reaches the client', () => {
    const bytes = Buffer.concat([
      message('HMSG', 'live.a.b', 2, 'N: 1', 'one'),
      message('HMSG', 'live.a', 2, 'N: 2', ''),
    ])
    assert.deepEqual(hearLive([bytes]), { heard: hearAlone([bytes]), byClient: 0 })
  })

  test('one that is cut, or that has no headers, is heard through the client', () => {
    const whole = message('HMSG', 'live.a', 2, 'N: 1', 'one')
    const bare = message('MSG', 'live.b', 2, '', 'two')
    for (let cut = 1; cut < whole.length; cut++) {
      const { heard, byClient } = hearLive([whole.subarray(0, cut), whole.subarray(cut), bare, whole])
      assert.deepEqual(heard, hearAlone([whole, bare, whole]))
      assert.equal(byClient, 2, `cut at ${cut}`)
    }
  })

  test('a subscription that ends within a chunk hears nothing of the rest', () => {
    const taps = new Map<number, FrameTap>()
    const heard: string[] = []
    // What the client does with a message, as much as what the handler does, may end it.
    const client = clientParser((event) => event.msg?.sid === 9 && taps.delete(2))
    taps.set(2, new LiveTap(5, (subject) => heard.push(subject)))
    const live = new FrameParser(client, taps)
    live.parse(
      Buffer.concat([
        message('HMSG', 'live.a', 2, 'N: 1', 'x'),
        message('MSG', 'other', 9, '', 'y'),
        message('HMSG', 'live.b', 2, 'N: 2', 'z'),
      ]),
    )
    assert.deepEqual(heard, ['a'])
  })

  test('what is no frame fails as it does in the client', () => {
    for (const bad of ['HELLO\r\n', 'HMSG live.a 2 12\r\n', 'MSG\r\n', 'HMSG live.a 2 x 3\r\nabc\r\n']) {
      const failure = (parse: (chunk: Uint8Array) => unknown): string => {
        try {
          parse(Buffer.from(bad))
          return 'none'
        } catch (thrown) {
          return String(thrown)
        }
      }
      const expected = failure((chunk) => hearAlone([chunk]))
      assert.equal(
        failure((chunk) => hearLive([chunk])),
        expected,
        bad,
      )
      assert.notEqual(expected, 'none')
    }
  })
})

const doubles = { min: 0, max: 1, noNaN: true }
const text = fc.stringMatching(/^[a-zä\r\n: M]{0,40}$/)
const word = fc.stringMatching(/^[a-zäé]{1,12}$/)
const frames: fc.Arbitrary<Buffer> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(word, word, fc.constantFrom(1, 2, 3), fc.option(word, { nil: undefined }), text)
      .map(([token, value, sid, reply, payload]) =>
        message('HMSG', `live.${token}`, sid, `N: ${value}`, payload, reply),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(word, fc.constantFrom(1, 2, 3), fc.option(word, { nil: undefined }), text)
      .map(([token, sid, reply, payload]) => message('MSG', `live.${token}`, sid, '', payload, reply)),
  },
  fc
    .constantFrom('PING\r\n', 'PONG\r\n', '+OK\r\n', "-ERR 'Stale Connection'\r\n", 'INFO {"a":"MSG x 1 2"} \r\n')
    .map((line) => Buffer.from(line)),
)

function message(
  op: 'MSG' | 'HMSG',
  subject: string,
  sid: number,
  header: string,
  payload: string,
  reply = '',
): Buffer {
  const head = op === 'HMSG' ? `NATS/1.0\r\n${header}\r\n\r\n` : ''
  const sizes = [...(op === 'HMSG' ? [Buffer.byteLength(head)] : []), Buffer.byteLength(head + payload)]
  return Buffer.from(`${[op, subject, sid, ...(reply ? [reply] : []), ...sizes].join(' ')}\r\n${head}${payload}\r\n`)
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
}

function clientParser(push: (event: ParserEvent) => unknown): Parser {
  return new Parser({ push: (event) => void push(event as ParserEvent) })
}

/** What the client hears alone, each as one line. */
function hearAlone(chunks: readonly Uint8Array[]): string[] {
  const heard: string[] = []
  const parser = clientParser((event) => heard.push(lineOf(event)))
  for (const chunk of chunks) parser.parse(chunk)
  return heard
}

/**
 * The same where the messages of subscription 2 are read ahead, and how many of them came through
 * the client.
 */
function hearLive(chunks: readonly Uint8Array[]): { heard: string[]; byClient: number } {
  const heard: string[] = []
  let byClient = 0
  const client = clientParser((event) => {
    if (event.msg?.sid === 2) byClient++
    heard.push(lineOf(event))
  })
  const tap = new LiveTap(5, (subject, payload, { headers }) =>
    heard.push(messageLine(2, `live.${subject}`, headers?.last('N'), payload)),
  )
  const live = new FrameParser(client, new Map([[2, tap]]))
  for (const chunk of chunks) live.parse(chunk)
  return { heard, byClient }
}

function lineOf(event: ParserEvent): string {
  if (event.msg === undefined) return `${event.kind} ${decode(event.data)}`
  const { subject, headers, data } = new MsgImpl(event.msg, event.data ?? new Uint8Array(0), {} as Publisher)
  return messageLine(event.msg.sid, subject, headers?.last('N'), data)
}

function messageLine(sid: number, subject: string, header: string | undefined, payload: Uint8Array): string {
  return `${sid} ${subject} ${header} ${decode(payload)}`
}

function decode(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes)
}
