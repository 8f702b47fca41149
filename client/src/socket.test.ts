import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWebSocket, type WebSocketConstructor } from './socket.ts'

test('a WebSocket behind the seam', () => {
  const made: StubWebSocket[] = []
  class StubWebSocket {
    readonly url: string
    readonly asked: string | string[]
    readonly protocol = 'weir.v1'
    binaryType = 'blob'
    readonly calls: unknown[] = []
    onopen = (): void => {}
    onmessage = (_: { data: unknown }): void => {}
    onclose = (_: { code: number; reason: string }): void => {}

    constructor(url: string, protocols: string | string[]) {
      this.url = url
      this.asked = protocols
      made.push(this)
    }

    send(message: unknown): void {
      this.calls.push(message)
    }

    close(code: number, reason: string): void {
      this.calls.push([code, reason])
    }
  }

  const events: unknown[] = []
  const open = openWebSocket(StubWebSocket as unknown as WebSocketConstructor)
  const socket = open('ws://hub.test', 'weir.v1', {
    opened: (subprotocol) => events.push(['opened', subprotocol]),
    received: (message) => events.push(['received', message]),
    closed: (code, reason) => events.push(['closed', code, reason]),
  })
  const [stub] = made
  assert.ok(stub)
  assert.deepEqual([stub.url, stub.asked, stub.binaryType], ['ws://hub.test', 'weir.v1', 'arraybuffer'])
  stub.onopen()
  stub.onmessage({ data: '{}' })
  stub.onmessage({ data: new Uint8Array([1, 2]).buffer })
  stub.onclose({ code: 1012, reason: 'restart' })
  assert.deepEqual(events, [
    ['opened', 'weir.v1'],
    ['received', '{}'],
    ['received', new Uint8Array([1, 2])],
    ['closed', 1012, 'restart'],
  ])
  socket.send('text')
  socket.close(1000, '')
  assert.deepEqual(stub.calls, ['text', [1000, '']])
})
