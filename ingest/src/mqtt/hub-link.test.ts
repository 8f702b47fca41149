import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import type { WeirError } from '@weir/proto'
import { HubLink } from './hub-link.ts'

test('what cannot be read ends the link and is told once', async () => {
  const noFrame = [0x0a, 0xff, 0xff]
  const server = createServer((socket) => void greet(socket, [noFrame, noFrame])).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const faults: WeirError[] = []
  const link = await new Promise<HubLink>((resolve) => {
    const made: HubLink = new HubLink({
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token: 'any',
      opened: () => assert.fail('nobody said welcome'),
      received: () => assert.fail('nothing can be read'),
      failed: (error) => {
        faults.push(error)
        resolve(made)
      },
    })
  })
  await once(server.close(), 'close')
  link.close()
  assert.deepEqual(
    faults.map(({ code }) => code),
    ['internal'],
  )
})

/** The server's half of RFC 6455, as far as it takes to say something. */
async function greet(socket: Socket, messages: readonly (readonly number[])[]): Promise<void> {
  socket.on('error', () => undefined)
  let head = ''
  while (!head.endsWith('\r\n\r\n')) head += String((await once(socket, 'data'))[0])
  const [, key = ''] = /sec-websocket-key: (\S+)/i.exec(head) ?? []
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const lines = ['HTTP/1.1 101 ok', 'upgrade: websocket', 'connection: upgrade', `sec-websocket-accept: ${accept}`]
  socket.write(`${[...lines, 'sec-websocket-protocol: weir.v1'].join('\r\n')}\r\n\r\n`)
  for (const message of messages) socket.write(Uint8Array.from([0x82, message.length, ...message]))
  socket.on('data', () => socket.end())
}
