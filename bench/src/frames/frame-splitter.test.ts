import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FrameSplitter } from './frame-splitter.ts'
import { chunkedBody, type Framing, webSocketFrames } from './framing.ts'

const payloads = ['', 'a', 'b'.repeat(125), 'c'.repeat(126), 'd'.repeat(300), 'e'.repeat(70_000), 'f'].map((text) =>
  Buffer.from(text),
)

/** As RFC 6455 section 5.2 has it. */
function frame(payload: Buffer): Buffer {
  const { length } = payload
  const head = Buffer.from([0x82, length < 126 ? length : length < 65_536 ? 126 : 127])
  const long = Buffer.alloc(length < 126 ? 0 : length < 65_536 ? 2 : 8)
  if (long.length > 0) long.writeUIntBE(length, Math.max(0, long.length - 6), Math.min(6, long.length))
  return Buffer.concat([head, long, payload])
}

/** As the hub's library has it: the line end of a chunk comes with the next. */
function chunk(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`\r\n${payload.length.toString(16)}\r\n`), payload])
}

function split(framing: Framing, parts: readonly Buffer[], wanted: boolean): (string | number)[] {
  const seen: (string | number)[] = []
  const sink = {
    wants: () => wanted,
    frame: (bytes: Uint8Array, start: number, end: number) =>
      void seen.push(Buffer.from(bytes.slice(start, end)).toString()),
    skipped: (length: number) => void seen.push(length),
    control: () => assert.fail('there is no control frame'),
  }
  const splitter = new FrameSplitter(sink, framing)
  // As in a read, into a buffer that holds older bytes behind.
  for (const part of parts)
    splitter.push(Buffer.concat([Buffer.from('\n!'), part, Buffer.from('\r\n9\r\n')]), 2, 2 + part.length)
  return seen
}

const kinds = [
  ['WebSocket frames', webSocketFrames, frame],
  ['chunks of a body', chunkedBody, chunk],
] as const
for (const [name, framing, encode] of kinds) {
  describe(name, () => {
    const stream = Buffer.concat(payloads.map(encode))
    const whole = payloads.map(String)

    test('are found wherever the stream is cut', () => {
      const cuts = [...new Array(700).keys(), ...Array.from({ length: 40 }, (_, index) => stream.length - index)]
      for (const cut of cuts) {
        const seen = split(framing, [stream.subarray(0, cut), stream.subarray(cut)], true)
        assert.deepEqual(seen, whole, `cut at ${cut}`)
      }
    })

    test('are found byte by byte', () => {
      const bytes = Array.from(stream, (byte) => Buffer.of(byte))
      assert.deepEqual(split(framing, bytes, true), whole)
    })

    test('that nobody wants are passed over, but for those of which too little has come to tell', () => {
      const seen = split(framing, [stream.subarray(0, 500), stream.subarray(500)], false)
      assert.deepEqual(
        seen,
        payloads.map(({ length }) => length),
      )
    })
  })
}
