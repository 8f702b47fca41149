import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { commentLine } from '../codec/codec-sse.ts'
import type { HttpExchange, HttpHeaders } from './http-exchange.ts'
import { SseLink } from './sse-link.ts'

/** A client whose socket takes what a test lets it take. */
class FakeExchange implements HttpExchange {
  readonly request = {
    method: 'GET',
    path: '/v1/sse',
    query: new URLSearchParams(),
    ip: '1.2.3.4',
    authorization: '',
    origin: '',
    lastEventId: '',
    userAgent: '',
    framing: { hasBody: false, fault: undefined },
  }
  ended = false
  takes = true
  headers: HttpHeaders | undefined
  readonly parts: string[] = []
  writable = (): void => {}
  gone = (): void => {}

  answer(): void {
    assert.fail('a stream is not answered in full')
  }

  stream(headers: HttpHeaders): ReturnType<HttpExchange['stream']> {
    this.headers = headers
    return {
      write: (part) => {
        this.parts.push(new TextDecoder().decode(part))
        return this.takes
      },
      onWritable: (handler) => {
        this.writable = handler
      },
      hold: () => undefined,
      end: () => {
        this.ended = true
      },
    }
  }

  onGone(handler: () => void): void {
    this.gone = handler
  }
}

let exchange: FakeExchange
let link: SseLink
let drained: number
let ended: number

beforeEach(() => {
  exchange = new FakeExchange()
  drained = ended = 0
  link = new SseLink(exchange, { vary: 'origin' }, { drained: () => drained++, ended: () => ended++ })
})

test('the answer begins with the first message that is more than a heartbeat', () => {
  link.send(commentLine)
  assert.equal(link.begun, false)
  assert.deepEqual(exchange.parts, [])
  link.send(bytes('one'))
  assert.equal(link.begun, true)
  assert.equal(exchange.headers?.['content-type'], 'text/event-stream')
  assert.equal(exchange.headers?.vary, 'origin')
  assert.match(exchange.parts[0] ?? '', /^retry: \d+\n\n$/)
  assert.equal(exchange.parts[1], 'one')
})

test('what is buffered is counted from above, until the buffer is empty', () => {
  link.send(bytes('one'))
  assert.equal(link.bufferedBytes, 0)
  exchange.takes = false
  link.send(bytes('x'.repeat(10)))
  link.send(bytes('x'.repeat(5)))
  assert.equal(link.bufferedBytes, 15)
  exchange.writable()
  // The system took something, nobody knows how much; the line that made it go on is in the buffer
  // too.
  assert.deepEqual([link.bufferedBytes, drained], [18, 1])
  exchange.takes = true
  exchange.writable()
  assert.deepEqual([link.bufferedBytes, drained], [0, 2])
  exchange.gone()
})

test('closing says why, ends the answer, and is the end once', () => {
  link.close(3006, 'expired')
  assert.equal(exchange.parts.at(-1), 'event: closed\ndata: {"code":3006,"reason":"expired"}\n\n')
  assert.deepEqual([exchange.ended, ended], [true, 1])
  const before = exchange.parts.length
  link.close(3000, 'again')
  link.send(bytes('late'))
  exchange.gone()
  assert.deepEqual([exchange.parts.length, ended], [before, 1])
})

test('a client that goes is the end, and nothing is written after it', () => {
  exchange.takes = false
  link.send(bytes('x'))
  exchange.gone()
  link.send(bytes('late'))
  assert.deepEqual([exchange.parts.length, ended, link.bufferedBytes], [2, 1, 0])
})

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
