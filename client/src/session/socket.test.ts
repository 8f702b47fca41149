import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { openWebSocket, type Socket, type WebSocketConstructor } from './socket.ts'

test('a WebSocket behind the seam', () => {
  const { stub, socket, events } = openStub()
  assert.deepEqual([stub.url, stub.asked, stub.binaryType], ['ws://hub.test', 'weir.v1', 'arraybuffer'])
  stub.onopen()
  stub.onmessage({ data: '{}' })
  stub.onmessage({ data: new Uint8Array([1, 2]).buffer })
  stub.onerror()
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

test('a connection that is refused is closed once, with a close event or without', () => {
  const { stub, events } = openStub()
  stub.onerror()
  assert.deepEqual(events, [['closed', 1006, '']])
  stub.onclose({ code: 1006, reason: '' })
  assert.equal(events.length, 1)
})

test('the global WebSocket tells of a refused connection', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const code = await new Promise((resolve) => {
    openWebSocket(WebSocket)(`ws://127.0.0.1:${port}`, 'weir.v1', {
      opened: () => assert.fail('it was opened'),
      received: () => assert.fail('it received'),
      closed: resolve,
    })
  })
  assert.equal(code, 1006)
})

class StubWebSocket {
  static last: StubWebSocket
  readonly url: string
  readonly asked: string | string[]
  readonly protocol = 'weir.v1'
  binaryType = 'blob'
  readonly calls: unknown[] = []
  onopen = (): void => {}
  onmessage = (_: { data: unknown }): void => {}
  onerror = (): void => {}
  onclose = (_: { code: number; reason: string }): void => {}

  constructor(url: string, protocols: string | string[]) {
    this.url = url
    this.asked = protocols
    StubWebSocket.last = this
  }

  send(message: unknown): void {
    this.calls.push(message)
  }

  close(code: number, reason: string): void {
    this.calls.push([code, reason])
  }
}

function openStub(): { stub: StubWebSocket; socket: Socket; events: unknown[] } {
  const events: unknown[] = []
  const open = openWebSocket(StubWebSocket as unknown as WebSocketConstructor)
  const socket = open('ws://hub.test', 'weir.v1', {
    opened: (subprotocol) => events.push(['opened', subprotocol]),
    received: (message) => events.push(['received', message]),
    closed: (code, reason) => events.push(['closed', code, reason]),
  })
  return { stub: StubWebSocket.last, socket, events }
}
