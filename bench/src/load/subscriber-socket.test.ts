import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { KnownBatches } from '../frames/known-batches.ts'
import { SubscriberSocket } from './subscriber-socket.ts'
import { Tally } from './tally.ts'

const streamBytes = 8_000_000
const readBytesMax = 4_096

/** Answers an upgrade, and then sends pongs without an end that is worth waiting for. */
const server = createServer((socket: Socket) => {
  socket.once('data', () => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
    socket.write(Buffer.alloc(streamBytes, Uint8Array.of(0x8a, 0)))
  })
  socket.on('error', () => undefined)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
after(() => server.close())

async function opened(): Promise<SubscriberSocket> {
  const { port } = server.address() as AddressInfo
  const plan = {
    port,
    dialect: 'plain',
    token: '',
    filter: '>',
    mode: 'ALL',
    windowBytes: 0,
  } as const
  const socket = new SubscriberSocket({ ...plan, readBytesMax }, new Tally(), new KnownBatches())
  await socket.open()
  return socket
}

test('a slow reader reads what it is allowed, however much a read takes', async () => {
  const socket = await opened()
  socket.readNothing()
  const before = socket.bytesRead
  const [portions, portion] = [100, 300]
  for (let turn = 0; turn < portions; turn++) {
    socket.allow(portion)
    await sleep(2)
  }
  const read = socket.bytesRead - before
  socket.close()
  assert.ok(read >= portions * portion - readBytesMax && read < portions * portion + readBytesMax, String(read))
})

test('one that may read nothing reads nothing, and everything when it may again', async () => {
  const socket = await opened()
  socket.readNothing()
  const before = socket.bytesRead
  await sleep(50)
  assert.equal(socket.bytesRead, before)
  socket.readEverything()
  while (socket.bytesRead < streamBytes) await sleep(5)
  socket.close()
})
